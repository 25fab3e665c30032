# Turns the output of `go test -bench -count N` into a table: the best run of each benchmark, its orders/s when it reports
# them, and those as a multiple of each baseline's of the same package.

/^(cpu|goos|goarch): / { print }
/^pkg: / { package = $2 }

/^Benchmark/ && NF >= 4 {
	name = $1
	sub(/^Benchmark/, "", name)
	sub(/-[0-9]+$/, "", name)
	id = package "\t" name
	if (!(id in best)) {
		order[++rows] = id
		best[id] = -1
	}
	ns = 0
	rate = 0
	rest = ""
	for (i = 3; i < NF; i += 2) {
		if ($(i + 1) == "ns/op") ns = $i
		else if ($(i + 1) == "orders/s") rate = $i
		else rest = rest "  " $i " " $(i + 1)
	}
	# Best is the highest rate where there is one, else the shortest time.
	better = best[id] < 0 || (rate > 0 ? rate > rates[id] : ns < best[id])
	if (better) {
		best[id] = ns
		rates[id] = rate
		others[id] = rest
	}
}

function tail(id) { return substr(id, index(id, "\t") + 1) }
function head(id) { return substr(id, 1, index(id, "\t") - 1) }

END {
	for (i = 1; i <= rows; i++) {
		id = order[i]
		if (head(id) != shown) {
			shown = head(id)
			printf "\n%s (best of the runs)\n%-58s %14s %12s  %s\n", shown, "benchmark", "ns/op", "orders/s", "against baselines"
		}
		ratios = ""
		for (j = 1; j <= rows; j++) {
			base = order[j]
			if (head(base) == shown && tail(base) ~ /Baseline/ && rates[base] > 0 && rates[id] > 0 && base != id)
				ratios = ratios sprintf("%.1fx %s  ", rates[id] / rates[base], tail(base))
		}
		printf "%-58s %14s %12s  %s%s\n", tail(id), best[id], (rates[id] > 0 ? rates[id] : "-"), ratios, others[id]
	}
}

# Turns the output of `go test -bench -count N` into tables for people: the best run of each benchmark. What
# reports orders/s is set in relation to the baselines of its package, with what the run used up; what reports
# executions/s is a simulation, with the five largest of its costs (lines "Cost"); the rest is a time per operation.

/^cpu: / && !machine { machine = substr($0, 6) }
/^pkg: / { package = $2; sub(/^stockproof\//, "", package) }

/^Benchmark/ && NF >= 4 {
	name = $1
	sub(/^Benchmark/, "", name)
	sub(/-[0-9]+$/, "", name)
	id = package "\t" name
	delete m
	for (i = 3; i < NF; i += 2) m[$(i + 1)] = $i
	if (!(id in runs)) order[++rows] = id
	runs[id]++
	# Best is the highest rate where there is one, else the shortest time.
	rate = "orders/s" in m ? "orders/s" : "executions/s" in m ? "executions/s" : ""
	if (runs[id] > 1 && !(rate ? m[rate] > get(id, rate) : m["ns/op"] < get(id, "ns/op"))) next
	for (key in m) best[id, key] = m[key]
}

# The costs follow the runs that they are of.
/^Cost\t/ {
	split($0, c, "\t")
	costs[id] = costs[id] (costs[id] ? ", " : "") c[3] " % " c[4]
}

function get(id, key) { return (id, key) in best ? best[id, key] : 0 }
function tail(id) { return substr(id, index(id, "\t") + 1) }
function head(id) { return substr(id, 1, index(id, "\t") - 1) }

function duration(ns) {
	if (ns < 1000) return sprintf("%.0f ns", ns)
	if (ns < 1e6) return sprintf("%.1f us", ns / 1e3)
	return sprintf("%.1f ms", ns / 1e6)
}

function ratio(id, base) {
	base = head(id) "\t" base
	if (id == base || !get(base, "orders/s")) return "-"
	return sprintf("%.1fx", get(id, "orders/s") / get(base, "orders/s"))
}

# What limits a run is what it used up. All cores busy: the processor. Else the lane (or the row) passes from
# one transaction to the next, and the time of one is what the server, the log and the client take in turn.
function limit(id,    rate, cores, server, client, others, log_) {
	rate = get(id, "orders/s")
	cores = get(id, "cores")
	server = rate * get(id, "server-us/order") / 1e6
	client = rate * get(id, "client-us/order") / 1e6
	others = get(id, "other-cores")
	log_ = rate / get(id, "orders/commit") * get(id, "empty-commit-us") / 1e6
	if (server + client + others > 0.9 * cores)
		return sprintf("processor: server %.1f + Go %.1f + others %.1f of %d cores", server, client, others, cores)
	if (log_ > 0.5)
		return sprintf("disk: %.0f commits/s of %.0f us each", rate / get(id, "orders/commit"), get(id, "empty-commit-us"))
	return sprintf("hand-over of the lane: server %.1f, Go %.1f, others %.1f of %d cores, log %.0f %% of the time",
		server, client, others, cores, 100 * log_)
}

function orders_table(pkg,    i, id) {
	printf "\n%s: orders of one hot SKU, real PostgreSQL, fsync and synchronous_commit on\n\n", pkg
	printf "%-34s %9s %8s %8s %8s | %10s %10s %10s | %9s %9s | %s\n", "", "orders/s", "p50 ms", "p99 ms", "orders",
		"against", "FOR UPDATE", "condit.", "us/order", "us/order", "what limits it"
	printf "%-34s %9s %8s %8s %8s | %10s %10s %10s | %9s %9s |\n", "", "", "", "", "a commit", "FOR UPDATE",
		"by hand", "UPDATE", "server", "Go"
	for (i = 1; i <= rows; i++) {
		id = order[i]
		if (head(id) != pkg || !get(id, "orders/s")) continue
		printf "%-34s %9.0f %8s %8s %8.0f | %10s %10s %10s | %9.0f %9.0f | %s\n", tail(id), get(id, "orders/s"),
			get(id, "p50-ms") ? sprintf("%.1f", get(id, "p50-ms")) : "-",
			get(id, "p99-ms") ? sprintf("%.1f", get(id, "p99-ms")) : "-", get(id, "orders/commit"),
			ratio(id, "BaselineForUpdate"), ratio(id, "BaselineForUpdateByHand"),
			ratio(id, "BaselineConditionalUpdate"), get(id, "server-us/order"), get(id, "client-us/order"), limit(id)
	}
}

function executions_table(pkg,    i, id) {
	printf "\n%s: whole executions, checks, codecs and scripts in the path\n\n", pkg
	printf "%-32s %13s %10s %10s %9s %11s\n", "", "executions/s", "steps/s", "steps each", "ns/step", "allocations"
	for (i = 1; i <= rows; i++) {
		id = order[i]
		if (head(id) != pkg || !get(id, "executions/s")) continue
		printf "%-32s %13.0f %10.0f %10.0f %9.0f %11s\n", tail(id), get(id, "executions/s"), get(id, "steps/s"),
			get(id, "steps/s") / get(id, "executions/s"), get(id, "ns/step"),
			get(id, "steps/op") ? get(id, "allocs/op") : "-"
		if (id in costs) printf "    of it %s\n", costs[id]
	}
}

function times_table(pkg,    i, id) {
	printf "\n%s\n\n%-46s %12s %14s %12s\n", pkg, "", "time each", "each second", "allocations"
	for (i = 1; i <= rows; i++) {
		id = order[i]
		if (head(id) != pkg || get(id, "orders/s") || get(id, "executions/s")) continue
		printf "%-46s %12s %14.0f %12s\n", tail(id), duration(get(id, "ns/op")), 1e9 / get(id, "ns/op"),
			(id, "allocs/op") in best ? get(id, "allocs/op") : "-"
	}
}

END {
	printf "%s\n", machine
	for (i = 1; i <= rows; i++) {
		pkg = head(order[i])
		if (get(order[i], "orders/s")) has_orders[pkg] = 1
		else if (get(order[i], "executions/s")) has_executions[pkg] = 1
		else has_times[pkg] = 1
		if (!(pkg in seen)) { seen[pkg] = 1; packages[++n] = pkg }
	}
	for (i = 1; i <= n; i++) {
		if (packages[i] in has_times) times_table(packages[i])
		if (packages[i] in has_orders) orders_table(packages[i])
		if (packages[i] in has_executions) executions_table(packages[i])
	}
}

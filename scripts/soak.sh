#!/usr/bin/env bash
# Explores ledger for SOAK seconds (3600), the same share for each scenario of testdata/soak, and writes what was run and found to
# OUT (testdata/soak.txt): seed, executions, digest and verdict of each. SEED is the seed of all of them, a random one unless given.
# The exit code is that of the worst campaign, by the order in which sim ranks them.
set -uo pipefail
cd "$(dirname "$0")/.."
sim=${SIM:-bin/sim}
out=${OUT:-testdata/soak.txt}
seed=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
seconds=${SOAK:-3600}
scenarios=(testdata/soak/*.scenario)
share=$((seconds / ${#scenarios[@]}))
if [ "$share" -lt 1 ]; then
	echo "soak: $seconds seconds are less than one for each of ${#scenarios[@]} scenarios" >&2
	exit 64
fi

# rank CODE: how bad an exit code is.
rank() {
	local codes=(0 5 6 2 3 1 4 7 69 64 70) i
	for i in "${!codes[@]}"; do
		if [ "${codes[i]}" -eq "$1" ]; then
			echo "$i"
			return
		fi
	done
	echo 99 # ended by a signal, or not by sim at all
}

draft=$(mktemp)
trap 'rm -f "$draft"' EXIT
worst=0
{
	echo "Soak of ledger: ${#scenarios[@]} scenarios, $share s each, strategy portfolio, seed $seed."
	echo "$(date -u +%Y-%m-%d), revision $(git rev-parse --short HEAD 2>/dev/null || echo unknown), $(nproc) cores, $(go version | cut -d' ' -f3)."
} >"$draft"
for s in "${scenarios[@]}"; do
	began=$SECONDS
	report=$("$sim" explore --design ledger --scenario "$s" --strategy portfolio --seed "$seed" --budget "${share}s" 2>&1)
	code=$?
	{
		printf '\n== %s: exit %d, %d s\n' "$s" "$code" "$((SECONDS - began))"
		fold -s -w 130 <<<"$report" | sed 's/ *$//'
	} | tee -a "$draft"
	if [ "$(rank "$code")" -gt "$(rank "$worst")" ]; then
		worst=$code
	fi
done
printf '\nend: exit %d\n' "$worst" | tee -a "$draft"
cat "$draft" >"$out"
exit "$worst"

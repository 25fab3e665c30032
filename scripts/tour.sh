#!/usr/bin/env bash
# The tour: three things that the workbench does, in under two minutes of running, each with the end that it announces.
# SIM is the program, ORDERS how many orders part 1 drives. The exit code is 0 when every part ended as announced; else it is 1 and
# the last line names the parts that did not.
set -uo pipefail
cd "$(dirname "$0")/.."
sim=${SIM:-bin/sim}
orders=${ORDERS:-10000}

declare -i parts=0
surprises=()
# part TITLE WANT ANNOUNCEMENT ARGS...: runs sim ARGS, which is to exit with WANT.
part() {
	local title=$1 want=$2 announcement=$3 began=$SECONDS got
	shift 3
	parts+=1
	printf '\n=== %d of 3: %s. Announced: %s (exit %d)\n$ sim %s\n' "$parts" "$title" "$announcement" "$want" "$*"
	"$sim" "$@"
	got=$?
	if [ "$got" -eq "$want" ]; then
		printf -- '--- as announced, in %d s\n' "$((SECONDS - began))"
	else
		printf -- '--- NOT as announced: exit %d and not %d\n' "$got" "$want"
		surprises+=("$parts ($title)")
	fi
}

part "$orders orders through the real clients" 0 "duplicates and a restart change nothing: ledger holds" \
	run --on wire --design ledger --orders "$orders" --duplicates 0.05 --restarts 1
part "the published design explored until it breaks" 1 "violated, and the smallest schedule that does it" \
	explore --design article --budget 20s
part "every interleaving of two orders under ledger, a record delivered twice anywhere" 0 "explored completely, no violation" \
	explore --design ledger --scenario tiny --strategy exhaustive --faults duplicate

if [ ${#surprises[@]} -gt 0 ]; then
	printf '\ntour: not as announced: part %s\n' "$(IFS=,; echo "${surprises[*]}")" >&2
	exit 1
fi
printf '\ntour: every part ended as announced, in %d s\n' "$SECONDS"

#!/usr/bin/env bash
# Runs the benchmarks (of the packages named as arguments, or of those the table is about), one package after
# the other, and prints the best of three runs of each as tables: times of what is pure and of each Redis
# script, orders/s of one hot SKU as a multiple of the baselines of the same run, with what limits them, and the
# executions/s and steps/s of the simulator, with its largest costs.
# BENCH selects by name; BENCHFLAGS is passed on to go test. Raw results stay in bin/bench.txt.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -eq 0 ]; then
	set -- ./model ./adapters/debezium ./adapters/redis ./inventory/ledger ./sim/engine ./sim/explore
fi
mkdir -p bin
# Clients and service share this process; its collector runs as that of a service with memory to spare.
export GOGC="${GOGC:-400}"
# shellcheck disable=SC2086 # BENCHFLAGS is a list
go test -run '^$' -bench "${BENCH:-.}" -count 3 -p 1 -timeout 60m ${BENCHFLAGS:-} "$@" </dev/null | tee bin/bench.txt >&2
echo
echo "Best of 3, one run of $(date -u +%Y-%m-%d), $(nproc) cores, GOGC=$GOGC."
awk -f scripts/bench.awk bin/bench.txt

#!/usr/bin/env bash
# Runs the benchmarks of every package that has some (or of the packages named as arguments), one package after the other,
# and prints the best of three runs of each as a table. A benchmark that reports orders/s is set in relation to those of the
# same package whose name contains "Baseline". BENCH selects by name; BENCHFLAGS is passed on to go test.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -eq 0 ]; then
	# shellcheck disable=SC2046 # folders of this tree have no spaces
	set -- $(grep -rl --include='*_test.go' '^func Benchmark' . | xargs -r -n1 dirname | sort -u)
fi
if [ $# -eq 0 ]; then
	echo "No package has benchmarks." >&2
	exit 1
fi
mkdir -p bin
# shellcheck disable=SC2086 # BENCHFLAGS is a list
go test -run '^$' -bench "${BENCH:-.}" -count 3 -p 1 -timeout 60m ${BENCHFLAGS:-} "$@" </dev/null | tee bin/bench.txt >&2
echo
awk -f scripts/bench.awk bin/bench.txt

#!/usr/bin/env bash
# Closes the scopes of the exhaustive search one after the other, within PROVE seconds (3600) for all of them, and writes what it says
# of each to OUT (testdata/proofs.md): what was formed before it began, kinds of fault and how many, reductions, states, executions,
# time, memory, verdict. The exit code is that of the worst scope: "not complete" is never a pass.
set -uo pipefail
cd "$(dirname "$0")/.."
sim=${SIM:-bin/sim}
out=${OUT:-testdata/proofs.md}
draft=$(mktemp)
trap 'rm -f "$draft"' EXIT
{
	echo "# What the exhaustive search closed"
	echo
	echo "$(date -u +%Y-%m-%d), revision $(git rev-parse --short HEAD 2>/dev/null || echo unknown), $(nproc) cores, $(go version | cut -d' ' -f3)."
	echo
	echo '```'
} >"$draft"
"$sim" explore --design ledger --strategy exhaustive --scenario prove --budget "${PROVE:-3600}s" >>"$draft"
code=$?
echo '```' >>"$draft"
cp "$draft" "$out"
cat "$out"
exit "$code"

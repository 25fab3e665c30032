#!/usr/bin/env bash
# Runs every test once: the packages in RACE_PACKAGES (patterns, separated by spaces) under the race detector, the others plainly.
# One line per package, then failures and skips by name, then one line of totals. The events stay in bin/test/*.json.
# TESTFLAGS is passed on to go test.
set -euo pipefail
cd "$(dirname "$0")/.."

# Simulations make much garbage and keep little: with a larger heap they take a fifth less of the processor.
export GOGC="${GOGC:-400}"

events=bin/test
rm -rf "$events"
mkdir -p "$events"

# run NAME ARGS...: go test ARGS, its events in NAME.json. Remembers a failure and goes on, so that all of them show.
status=0
run() {
	local name=$1
	shift
	# shellcheck disable=SC2086 # TESTFLAGS is a list
	go tool gotestsum --format pkgname --format-hide-empty-pkg --jsonfile "$events/$name.json" \
		-- -timeout 15m ${TESTFLAGS:-} "$@" </dev/null || status=1
}

go list ./... | sort -u >"$events/all"
: >"$events/race"
if ! command -v "$(go env CC)" >/dev/null; then
	echo "SKIPPED: needs Debian package gcc: the race detector" | tee "$events/no-race" >&2
elif [ -n "${RACE_PACKAGES:-}" ]; then
	# shellcheck disable=SC2086 # a list of patterns
	go list $RACE_PACKAGES | sort -u >"$events/race"
fi
comm -23 "$events/all" "$events/race" >"$events/plain"

# shellcheck disable=SC2046 # lists of import paths
run plain $(cat "$events/plain")
if [ -s "$events/race" ]; then
	echo "Under the race detector:"
	# shellcheck disable=SC2046
	run race -race $(cat "$events/race")
fi

# count ACTION: tests, subtests included, that ended so. An event is one line, its fields in this order.
count() {
	cat "$events"/*.json |
		grep -cE '^\{("Time":"[^"]*",)?"Action":"'"$1"'","Package":"[^"]*","Test":' || true
}
passed=$(count pass) failed=$(count fail) skipped=$(count skip)
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
	failed=1 # a package that does not build or dies outside any test
fi
if [ "$passed" -eq 0 ] && [ "$status" -eq 0 ]; then
	echo "Not one test ran." >&2
	status=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"

#!/usr/bin/env bash
# Makes sure of what `make test` needs besides Go: the real servers of the contract suites, a C compiler for the race
# detector, and a browser for the pages of sim report. As root on a Debian-like system it installs what is missing and says so, and fails when apt does. Elsewhere it says
# what is missing and succeeds: the suites that need it are then skipped, each naming the package.
set -euo pipefail

has_postgres() {
	[ -x /usr/lib/postgresql/15/bin/postgres ] || postgres --version 2>/dev/null | grep -q ' 15\.'
}
has_redis() { redis-server --version 2>/dev/null | grep -q 'v=7\.'; }
has_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
has_compiler() { command -v "$(go env CC)" >/dev/null; }

lacking=()
find_lacking() {
	lacking=()
	has_postgres || lacking+=(postgresql-15)
	has_redis || lacking+=(redis-server)
	has_browser >/dev/null || lacking+=(chromium)
	has_compiler || lacking+=(gcc libc6-dev)
}

find_lacking
if [ ${#lacking[@]} -eq 0 ]; then
	exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
	echo "Missing: ${lacking[*]} (Debian's names). Tests that need them will be SKIPPED." >&2
	exit 0
fi

echo "Installing ${lacking[*]} with apt-get, because the tests run against the real servers and a real browser." >&2
export DEBIAN_FRONTEND=noninteractive
apt_get() {
	if ! apt-get -q -y "$@" </dev/null >&2; then
		echo "apt-get $* failed: cannot install ${lacking[*]}." >&2
		exit 1
	fi
}
apt_get update
apt_get install --no-install-recommends "${lacking[@]}"

find_lacking
if [ ${#lacking[@]} -ne 0 ]; then
	echo "apt-get reported success, and yet missing or of another version: ${lacking[*]}." >&2
	exit 1
fi

#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=dash

# The packages feed's CI runs this on an installed package, with its name and version.

case "$1" in
aiglon | aiglon-mini) ;;
*) exit 0 ;;
esac

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

aiglon --version | grep -F "$2" || fail "aiglon --version does not say $2"
aiglon check /etc/config/aiglon || fail 'the configuration that comes with it has mistakes'
aiglon token | grep '^list token .sha256:' || fail 'no token'
grep '^aiglon:' /etc/passwd || fail 'no user aiglon'
[ -x /etc/init.d/aiglon ] || fail 'no init script'
# shellcheck disable=SC2012 # there is no `stat`
[ "$(ls -l /etc/config/aiglon | cut -c1-10)" = -rw------- ] || fail '/etc/config/aiglon is for others to read'

# It serves a page, answers on its console, and ends when told to.
dir=$(mktemp -d)
sed -e "s|/etc/aiglon|$dir/state|; s|/var/run/aiglon|$dir|; s|127.0.0.1:8081|127.0.0.1:${INGEST_PORT:-18081}|
	s|lan:8080|127.0.0.1:${PAGE_PORT:-18080}|; s|option clock 'ntp'|option clock 'trust'|" /etc/config/aiglon >"$dir/config"
mkdir "$dir/state"
aiglon serve "$dir/config" 2>"$dir/log" &
pid=$!
trap 'kill $pid 2>/dev/null; rm -rf "$dir"' EXIT
tries=20
until wget -q -O "$dir/page" "http://127.0.0.1:${PAGE_PORT:-18080}/"; do
	tries=$((tries - 1))
	[ $tries -gt 0 ] || {
		cat "$dir/log" >&2
		fail 'no page'
	}
	sleep 1
done
grep -io '<title>[^<]*' "$dir/page" || fail 'that is no page'
aiglon console --config "$dir/config" status || fail 'no console'
[ -s "$dir/state/journal" ] || fail 'no journal'
kill $pid
wait $pid || fail "it ended with $?"
trap - EXIT
rm -rf "$dir"
echo 'aiglon: OK'

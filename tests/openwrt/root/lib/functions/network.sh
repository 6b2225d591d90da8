#!/bin/sh
# shellcheck shell=dash
# What OpenWrt's network.sh offers, as far as aiglon uses it, for tests: the addresses that /tmp/networks has, a network a line.

network_flush_cache() { :; }

# network_get_ipaddr VARIABLE NETWORK: false if it has none.
network_get_ipaddr() {
	local found
	found=$(sed -n "s/^$2 //p" /tmp/networks 2>/dev/null)
	[ -n "$found" ] && eval "$1=\$found"
}

network_get_ipaddr6() { return 1; }

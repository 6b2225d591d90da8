#!/bin/sh
# shellcheck shell=dash disable=SC1090,SC2034
# What OpenWrt's functions.sh offers to read a UCI file with, for tests. Its lines are words as the shell has them.

config_load() {
	CONFIG_SECTIONS='' CONFIG_SECTION=''
	[ ! -f "${UCI_CONFIG_DIR:-/etc/config}/$1" ] || . "${UCI_CONFIG_DIR:-/etc/config}/$1"
}

config() {
	local unnamed=$CONFIG_SECTIONS
	unnamed=cfg${#unnamed}
	CONFIG_SECTION=${2:-$unnamed}
	CONFIG_SECTIONS="$CONFIG_SECTIONS $CONFIG_SECTION"
	eval "CONFIG_${CONFIG_SECTION}_TYPE=\$1"
}

option() { eval "CONFIG_${CONFIG_SECTION}_$1=\$2"; }

list() { eval "CONFIG_${CONFIG_SECTION}_$1=\"\${CONFIG_${CONFIG_SECTION}_$1:+\$CONFIG_${CONFIG_SECTION}_$1 }\$2\""; }

# config_get VARIABLE SECTION OPTION [DEFAULT]
config_get() { eval "$1=\${CONFIG_${2}_${3}:-\$4}"; }

# config_get_bool VARIABLE SECTION OPTION [DEFAULT]: 1 or 0.
config_get_bool() {
	config_get "$@"
	eval "set -- $1 \"\$$1\" ${4:-0}"
	case "$2" in
	1 | on | true | yes | enabled) eval "$1=1" ;;
	0 | off | false | no | disabled) eval "$1=0" ;;
	*) eval "$1=$3" ;;
	esac
}

# config_foreach FUNCTION TYPE
config_foreach() {
	local section type
	for section in $CONFIG_SECTIONS; do
		config_get type "$section" TYPE
		[ "$type" != "$2" ] || "$1" "$section"
	done
}

#!/bin/sh
# shellcheck shell=dash disable=SC2154
# The functions that OpenWrt's procd.sh documents, as far as aiglon uses them, for tests. What they hand to `ubus` is the JSON that
# the real ones hand over. What they do not know ends the script: on a router it would be lost without a word.

unknown() {
	echo "procd.sh: $*" >&2
	exit 98
}

# The real one locks by that name at once, and without it complains and takes a lock that is nobody's.
[ -n "$initscript" ] || unknown 'whose lock? No initscript'

string() { printf '"%s"' "$(printf %s "$1" | sed 's/[\\"]/\\&/g')"; }

strings() {
	local comma=''
	for word in "$@"; do
		printf %s "$comma" && string "$word"
		comma=', '
	done
}

# add VARIABLE TEXT: behind what is there, with a comma.
add() { eval "$1=\"\${$1:+\$$1, }\$2\""; }

procd_open_service() { procd_name=$1 procd_script=$2 procd_instances='' procd_triggers=''; }

procd_open_instance() { procd_params='' procd_jail='' procd_mounts='' procd_instance=${1:-instance1}; }

procd_set_param() {
	local type=$1 table='' word
	shift
	case "$type" in
	command | netdev | file | respawn | error) add procd_params "\"$type\": [$(strings "$@")]" ;;
	env | data | limits)
		for word in "$@"; do
			add table "$(string "${word%%=*}"): $(string "${word#*=}")"
		done
		add procd_params "\"$type\": {$table}"
		;;
	nice | term_timeout) add procd_params "\"$type\": $1" ;;
	user | group | seccomp | capabilities | pidfile | facility) add procd_params "\"$type\": $(string "$1")" ;;
	stdout | stderr | no_new_privs)
		word=true
		[ "$1" = 1 ] || word=false
		add procd_params "\"$type\": $word"
		;;
	*) unknown "no parameter $type" ;;
	esac
}

procd_add_jail() {
	local flag
	procd_jail="\"name\": $(string "$1")"
	shift
	for flag in "$@"; do
		case "$flag" in
		log | ubus | udebug | procfs | sysfs | ronly | requirejail | netns | userns | cgroupsns) add procd_jail "\"$flag\": true" ;;
		*) unknown "no jail with $flag" ;;
		esac
	done
}

procd_add_jail_mount() {
	[ -n "$procd_jail" ] || unknown 'a mount before its jail is lost'
	for dir in "$@"; do add procd_mounts "$(string "$dir"): \"0\""; done
}

procd_add_jail_mount_rw() {
	[ -n "$procd_jail" ] || unknown 'a mount before its jail is lost'
	for dir in "$@"; do add procd_mounts "$(string "$dir"): \"1\""; done
}

procd_close_instance() {
	[ -z "$procd_jail" ] || add procd_params "\"jail\": {$procd_jail, \"mount\": {$procd_mounts}}"
	add procd_instances "$(string "$procd_instance"): {$procd_params}"
}

procd_add_reload_trigger() {
	local file
	for file in "$@"; do
		add procd_triggers "[\"config.change\", [\"if\", [\"eq\", \"package\", $(string "$file")], [\"run_script\", \"/etc/init.d/$procd_name\", \"reload\"]], 1000]"
	done
}

# procd_add_config_trigger EVENT PACKAGE COMMAND...
procd_add_config_trigger() {
	local event=$1 package=$2
	shift 2
	add procd_triggers "[$(string "$event"), [\"if\", [\"eq\", \"package\", $(string "$package")], [$(strings run_script "$@")]], 1000]"
}

# procd_add_raw_trigger EVENT MILLISECONDS COMMAND...
procd_add_raw_trigger() {
	local event=$1 wait=$2
	shift 2
	add procd_triggers "[$(string "$event"), [[$(strings run_script "$@")]], $wait]"
}

# What mounts there, of the router's fstab, has the script called when it comes.
procd_add_restart_mount_trigger() {
	local section type target place
	config_load fstab
	for section in $CONFIG_SECTIONS; do
		config_get type "$section" TYPE
		config_get target "$section" target
		[ "$type" = mount ] && [ -n "${target%/}" ] || continue
		for place in "$@"; do
			case "$place/" in
			"${target%/}"/*)
				add procd_triggers "[\"mount.add\", [\"if\", [\"eq\", \"target\", $(string "${target%/}")], [\"run_script\", \"/etc/init.d/$procd_name\", \"restart\"]], 1000]"
				;;
			esac
		done
	done
}

procd_close_service() {
	[ -n "$procd_name" ] || unknown 'the message of the service was lost'
	service_triggers
	ubus call service "$1" "{\"name\": $(string "$procd_name"), \"script\": $(string "$procd_script"), \"instances\": {$procd_instances}, \"triggers\": [$procd_triggers]}"
}

# The real ones put their question together where the message of the service is.
lose() { procd_name='' procd_instances='' procd_triggers=''; }

procd_running() {
	lose
	ubus call service list "{\"name\": $(string "$1")}" | grep -q '"running": true'
}

procd_kill() {
	ubus call service delete "{\"name\": $(string "$1")${2:+, \"instance\": $(string "$2")}}"
}

procd_send_signal() {
	local signal
	lose
	signal=$(kill -l "$3") || return 1
	[ "${2:-*}" = '*' ] || unknown "no instance $2"
	ubus call service signal "{\"name\": $(string "$1"), \"signal\": $signal}"
}

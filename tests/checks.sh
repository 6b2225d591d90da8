# shellcheck shell=bash
# The functions that tests/all and tests/night share. Each check has a log of its own in `$logs`.
# `tests/all` and `tests/night` set `logs` (a directory) and `only` (the checks asked for by name).
# Nothing is shown while all is well; what fails is shown, and the whole of it is in the log.
# `JOBS` says how many checks run side by side: as many as there are processors, unless it is set.
# shellcheck disable=SC2154

passed=0 failed=0 skipped=0
jobs=${JOBS:-$(nproc)}
# The checks that run now: the process of each, and when it began.
declare -A running=() begun=()
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# check NAME COMMAND...: runs it alone, says how it went, and counts it.
check() {
    finish
    beside "$@"
    finish
}

# beside NAME COMMAND...: starts it beside others, as soon as fewer than `$jobs` run.
beside() {
    local name=$1
    shift
    wanted "$name" || return 0
    while ((${#running[@]} >= jobs)); do
        await_one
    done
    # A process group of its own: nothing of it is left when this script is stopped.
    set -m
    (
        TIMEFORMAT='processor: %U %S'
        time "$@" || exit
    ) >"$(log_of "$name")" 2>&1 </dev/null &
    set +m
    running[$!]=$name
    begun[$name]=$SECONDS
}

# after NAME...: waits until none of these runs. Others go on.
after() {
    local name
    for name; do
        while [[ " ${running[*]} " == *" $name "* ]]; do
            await_one
        done
    done
}

# Waits for all that run.
finish() {
    while ((${#running[@]})); do
        await_one
    done
}

# skip NAME WHY: says that a check does not run, and counts it as skipped.
skip() {
    wanted "$1" || return 0
    skipped=$((skipped + 1))
    printf 'skip  %-12s %s\n' "$1" "$2"
}

# The closing lines. False if something failed.
closing() {
    finish
    ((skipped == 0)) || printf '%d skipped\n' "$skipped"
    printf '%d passed, %d failed\n' "$passed" "$failed"
    ((failed == 0))
}

# Whether a check was asked for: all are, unless the command line names some (`$only`).
wanted() {
    ((${#only[@]} == 0)) || [[ " ${only[*]} " == *" $1 "* ]]
}

log_of() {
    printf '%s' "$logs/${1// /-}.log"
}

await_one() {
    local id='' status=0 name
    wait -n -p id "${!running[@]}" || status=$?
    name=${running[$id]}
    unset "running[$id]"
    report "$name" "$status" $((SECONDS - begun[$name]))
}

stop_all() {
    local id
    for id in "${!running[@]}"; do
        kill -- "-$id" 2>/dev/null || :
    done
    wait
}

# report NAME STATUS SECONDS: counts a check as one, and cargo's tests as what they count.
report() {
    local log ok bad
    log=$(log_of "$1")
    ok=$(sum "$log" passed) bad=$(sum "$log" failed)
    # What broke without a test that failed (it did not compile, say) counts as one.
    if ((ok + bad == 0 && $2 == 0)); then ok=1; fi
    if ((bad == 0 && $2 != 0)); then bad=1; fi
    passed=$((passed + ok)) failed=$((failed + bad))
    if (($2 == 0)); then
        printf 'ok    %-12s %4d s, %4.0f s of processor\n' "$1" "$3" "$(processor "$log")"
        # A check may have figures to show.
        sed -n 's/^figure: /      /p' "$log"
    else
        printf 'FAIL  %-12s %4d s; of %s:\n' "$1" "$3" "$log"
        excerpt "$log" | sed 's/^/    /'
    fi
}

# The processor time of a check and all that it started: what makes the whole shorter is not its own
# duration, which hangs on what runs beside it.
processor() {
    awk '/^processor: / { n = $2 + $3 } END { print n + 0 }' "$1"
}

# The sum of "N passed" (or failed) over the results that cargo's test programs print.
sum() {
    awk -v word="$2" '/^test result:/ { for (i = 2; i <= NF; i++) if ($i ~ "^" word) n += $(i - 1) }
        END { print n + 0 }' "$1"
}

# What says why: what cargo's tests print of those that failed, else the end.
excerpt() {
    if grep -q '^failures:' "$1"; then
        # All of it is read: a reader that stops early would end this script by SIGPIPE (pipefail).
        awk '/^failures:/ { show = 1 } show && n++ < 200; /^test result:/ { show = 0 }' "$1"
    else
        tail -n 60 -- "$1"
    fi
}

# ---- what is needed ------------------------------------------------------------------------------

# wanted_packages FILE...: the Debian packages that these lists name.
wanted_packages() {
    sed -s 's/#.*//' "$@" | tr -s ' \t\n' '\n' | sed '/^$/d'
}

# A program that came by another way than its package will do: npm with another Node, say.
missing_packages() {
    local name program
    for name in $(wanted_packages "$@"); do
        case $name in
        default-jre*) program=java ;;
        *) program=$name ;;
        esac
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] ||
            command -v "$program" >/dev/null || printf '%s\n' "$name"
    done
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    else
        sudo -n -- "$@"
    fi
}

# Debian starts a service as soon as its package is there, and again at each boot. We want the programs only:
# while we install, /usr/sbin/policy-rc.d refuses every start; afterwards the new units are disabled.
packages() (
    command -v dpkg-query >/dev/null || {
        printf 'This is no Debian: see to it that you have %s\n' "$(wanted_packages "$@" | tr '\n' ' ')"
        exit 1
    }
    local missing unit status=0 policy=/usr/sbin/policy-rc.d
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || exit 0
    if ((EUID != 0)) && ! command -v sudo >/dev/null; then
        printf 'Missing, and there is no sudo. As root: apt-get install --no-install-recommends %s\n' \
            "${missing[*]}"
        exit 1
    fi
    if [[ ! -e $policy ]]; then
        # This function is a shell of its own, and so is its end.
        trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod +x "$policy"
    fi
    # The lists of packages may be absent or old; try without them first.
    install "${missing[@]}" || { as_root apt-get -q update && install "${missing[@]}"; } || status=$?
    if command -v systemctl >/dev/null; then
        for unit in $(dpkg -L "${missing[@]}" 2>/dev/null | sed -n 's|^.*/lib/systemd/system/\([^/@]*\.service\)$|\1|p'); do
            as_root systemctl --root=/ --quiet disable "$unit" || :
        done
    fi
    exit "$status"
)

install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "$@"
}

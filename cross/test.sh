#!/usr/bin/env bash
# Runs what can be run of the tests on the machines of cross/build.sh, in emulators (Debian: qemu-user, faketime,
# openssh-client).
#
#     cross/test.sh [--core] [--program] [--journal] [--sbom] [MACHINE]...
#
#     MACHINE     mips (big-endian, 24Kc), mipsel, armv7, arm, aarch64, riscv64
#     --core      the core's unit and property tests, the journal's, the simulator, the pages, the requests of real senders and
#                 tests/machines, built for that machine
#     --program   the small program as cross/build.sh left it: pages, alerts, curl, the console, power cuts; and of the full
#                 one, if it is there, who comes by SSH
#     --journal   a journal written on this machine is read on that one, and the other way round; the clock at 2040
#     --sbom      the bills of materials that cross/build.sh left, of whatever machine
#
# All by default, on mips and armv7. PROPTEST_CASES (16), SIM_SEEDS (4) and SIM_STEPS (500): how deep it goes.
# The last line is "N passed, N failed".
# shellcheck source-path=SCRIPTDIR
. "$(dirname -- "${BASH_SOURCE[0]}")/tools.sh"

core='' program='' journal='' sbom='' machines=()
while (($#)); do
    case $1 in
    --core) core=yes ;;
    --program) program=yes ;;
    --journal) journal=yes ;;
    --sbom) sbom=yes ;;
    -h | --help) sed -n '2,/^# The last/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit ;;
    -*) die "no option $1; see --help" ;;
    *) machines+=("$1") ;;
    esac
    shift
done
((${#machines[@]})) || machines=(mips armv7)
[[ $core$program$journal$sbom ]] || core=yes program=yes journal=yes sbom=yes
release=$work/release
export PROPTEST_CASES=${PROPTEST_CASES:-16} CARGO_TERM_COLOR=never RUST_BACKTRACE=0
passed=0 failed=0
scratch=$(mktemp -d)
daemon=
trap 'stop; rm -rf -- "$scratch"' EXIT

# ---- a machine ------------------------------------------------------------------------------------------------------

# Sets `target`, and `emulator` with the processor that a real one has.
machine() {
    case $1 in
    mips) target=mips-unknown-linux-musl emulator=(qemu-mips -cpu 24Kc) ;;
    mipsel) target=mipsel-unknown-linux-musl emulator=(qemu-mipsel -cpu 24Kc) ;;
    armv7) target=armv7-unknown-linux-musleabihf emulator=(qemu-arm -cpu cortex-a7) ;;
    arm) target=arm-unknown-linux-musleabi emulator=(qemu-arm -cpu arm1176) ;;
    aarch64) target=aarch64-unknown-linux-musl emulator=(qemu-aarch64 -cpu cortex-a53) ;;
    riscv64) target=riscv64gc-unknown-linux-musl emulator=(qemu-riscv64) ;;
    *) die "no machine $1; see --help" ;;
    esac
    command -v "${emulator[0]}" >/dev/null || die "no ${emulator[0]}; Debian has it in qemu-user"
}

# check NAME COMMAND...: runs it, and counts what cargo counted, else one.
check() {
    local name=$1 log status=0 begin=$SECONDS ok bad
    shift
    log=$work/log-${name//[ :]/-}
    "$@" >"$log" 2>&1 </dev/null || status=$?
    ok=$(awk '/^test result:/ { n += $4 } END { print n + 0 }' "$log")
    bad=$(awk '/^test result:/ { n += $6 } END { print n + 0 }' "$log")
    if ((ok + bad == 0 && status == 0)); then ok=1; fi
    if ((bad == 0 && status != 0)); then bad=1; fi
    passed=$((passed + ok)) failed=$((failed + bad))
    if ((status == 0)); then
        printf 'ok    %-44s %5d  %4d s\n' "$name" "$ok" $((SECONDS - begin))
    else
        printf 'FAIL  %-44s %5d  %4d s; of %s:\n' "$name" "$bad" $((SECONDS - begin)) "$log"
        { grep -A 60 '^failures:' "$log" || tail -n 40 -- "$log"; } | head -n 80 | sed 's/^/    /' || :
    fi
}

# ---- the core -------------------------------------------------------------------------------------------------------

core_tests() {
    local runner=CARGO_TARGET_${target//-/_}_RUNNER
    # In a shell of its own: what is said to cargo for that machine is not meant for this one.
    (
        common_flags "$target"
        encode "${flags[@]}"
        cd -- "$root"
        # Slightly optimised: the emulator is slow, and so is what optimises. Of the tests those that need no program.
        env "${runner^^}=${emulator[*]}" SIM_SEEDS="${SIM_SEEDS:-4}" SIM_STEPS="${SIM_STEPS:-500}" \
            CARGO_TARGET_DIR="$work/build" CARGO_PROFILE_TEST_OPT_LEVEL=1 CARGO_PROFILE_TEST_DEBUG=0 \
            CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=0 \
            timeout 2400 cargo-zigbuild test --quiet --locked --no-fail-fast --target "$target" -Zbuild-std \
            --lib --test machines --test journal --test state --test sim --test pages --test http_senders --test json_suite
    )
}

# ---- the program ----------------------------------------------------------------------------------------------------

# The small program of a target in `path`, and of this machine in `here`.
programs() {
    local found=("$release"/aiglon-*-"$target"-small)
    [[ -x ${found[0]} ]] || "$root/cross/build.sh" --build small "$target" >&2 || :
    found=("$release"/aiglon-*-"$target"-small)
    [[ -x ${found[0]} ]] || die "no program for $target"
    path=${found[0]}
    full=${path%-small}-full
    here=${CARGO_TARGET_DIR:-$root/target}/debug/aiglon
}

# The tests of the program, built for this machine, that start the other one's.
end_to_end() {
    local speaks=$work/under-test
    # Its place is compiled into the tests; what it starts is not.
    printf '#!/bin/sh\nexec $AIGLON_EMULATOR "$AIGLON_PROGRAM" "$@"\n' >"$speaks"
    chmod +x "$speaks"
    cd -- "$root"
    unset CARGO_ENCODED_RUSTFLAGS RUSTC_BOOTSTRAP __CARGO_TESTS_ONLY_SRC_ROOT
    AIGLON_UNDER_TEST=$speaks AIGLON_EMULATOR="${emulator[*]}" AIGLON_PROGRAM=$path \
        timeout 900 cargo test --quiet --locked --no-fail-fast "$@"
}

# serve NAME COMMAND...: the daemon by that command, on the state of $scratch/state.
serve() {
    local log=$scratch/$1.log
    shift
    mkdir -p -- "$scratch/state"
    : >"$log"
    "$@" serve "$scratch/config" --state-dir "$scratch/state" >"$log" 2>&1 &
    daemon=$!
    for _ in {1..100}; do
        url=$(sed -n 's|.*listening on \(http://[^ /]*\).*|\1|p' "$log" | head -n 1)
        [[ -z $url ]] || return 0
        kill -0 "$daemon" 2>/dev/null || break
        sleep 0.1
    done
    cat -- "$log"
    return 1
}

stop() {
    [[ -n $daemon ]] || return 0
    kill "${1:--TERM}" "$daemon" 2>/dev/null || :
    wait "$daemon" 2>/dev/null || :
    daemon=
}

says() {
    curl -sS --max-time 10 -H 'Accept-Language: en' "$url/${2:-}" >"$scratch/page"
    grep -q -- "$1" "$scratch/page" || {
        printf 'the page does not say: %s\n' "$1"
        return 1
    }
}

console() {
    "$@" || {
        printf 'the console refused: %s\n' "$*"
        return 1
    }
}

configure() {
    rm -rf -- "$scratch/state"
    cat >"$scratch/config" <<EOF
config aiglon
	option console '$scratch/console'
config listen 'lan'
	option address '127.0.0.1:0'
	list serve 'page'
	list serve 'ingest'
config site 'home'
	option title 'Antennas'
	option lang 'en'
config source 'sender'
	option site 'home'
	list token 'sha256:$(printf secret | sha256sum | cut -d' ' -f1)'
	option resync '0s'
config service 'wifi'
	option site 'home'
	option name 'Wi-Fi'
config component 'heron'
	option service 'wifi'
	option name 'Heron'
EOF
}

# Somebody logs in with OpenSSH's client and writes an update; the power is cut; it is still there, and so is the host key.
by_ssh() {
    local there=("${emulator[@]}" "$full") key=$scratch/key known=$scratch/known_hosts port print first
    configure
    rm -f -- "$key" "$key.pub" "$known" "$scratch/other" "$scratch/other.pub"
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$key" || return 1
    sed -i "/^config aiglon/a\\	list ssh '127.0.0.1:0'" "$scratch/config"
    printf "config user 'heron1'\n\tlist site 'home'\n\tlist key '%s heron1'\n" "$(cat -- "$key.pub")" >>"$scratch/config"
    serve full "${there[@]}" && listens_to_ssh full || return 1
    first=$print
    login 'incident open wifi "Mast struck by lightning"' && login 'update 1 "Written by SSH: électricité, ⚡"' || return 1
    [[ $(ssh-keygen -lf "$known") == *" $print "* ]] || {
        printf 'another host key than %s\n' "$print"
        return 1
    }
    says 'Written by SSH: électricité, ⚡' || return 1
    # Somebody else does not come in.
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$scratch/other" || return 1
    if key=$scratch/other login whoami; then
        printf 'it lets everybody in\n'
        return 1
    fi
    stop -KILL
    serve again "${there[@]}" && listens_to_ssh again || return 1
    [[ $print == "$first" ]] || return 1
    says 'Written by SSH: électricité, ⚡' || return 1
    stop
}

# Sets `port` and `print` (the host key's fingerprint), from the log of that name. Its key may have to be made first.
listens_to_ssh() {
    for _ in {1..200}; do
        read -r port print < <(sed -n 's|.*listening on ssh://127.0.0.1:\([0-9]*\) (.*host key \([^ )]*\)).*|\1 \2|p' \
            "$scratch/$1.log") && return 0
        sleep 0.1
    done
    cat -- "$scratch/$1.log"
    return 1
}

login() {
    timeout 60 ssh -F none -p "$port" -i "$key" -o BatchMode=yes -o IdentitiesOnly=yes -o IdentityAgent=none -o LogLevel=ERROR \
        -o StrictHostKeyChecking=accept-new -o "UserKnownHostsFile=$known" heron1@127.0.0.1 "$@"
}

# What one machine writes, the other reads, adds to and hands back; each is cut off, not stopped.
journal_both_ways() {
    local there=("${emulator[@]}" "$path") talk
    configure
    talk=(console --socket "$scratch/console" --yes)
    serve here "$here" || return 1
    console "$here" "${talk[@]}" incident open wifi 'Mast struck by lightning' || return 1
    stop -KILL
    serve there "${there[@]}" || return 1
    says 'Mast struck by lightning' || return 1
    console "${there[@]}" "${talk[@]}" update 1 'Written on the other machine: électricité, ⚡' || return 1
    stop -KILL
    serve back "$here" || return 1
    says 'Mast struck by lightning' && says 'Written on the other machine: électricité, ⚡' || return 1
    stop
}

# Two years after 32 bits of seconds: the emulator asks this machine's clock, and that is told to lie (of the wall clock
# alone). On MIPS, musl refuses such a time, since the crate `libc` asks for 32 bits; the kernel's files are asked then, and
# nobody lies there.
year_2040() {
    local talk=("${emulator[@]}" "$path" console --socket "$scratch/console" --yes) day=2040-05-05T1
    [[ $target != mips* ]] || day=$(date -u +%Y-%m-%dT)
    # Its library, without its program: that would stand between us and the daemon when we cut it off.
    local preload
    preload=$(faketime -f '@2040-01-01 00:00:00' sh -c 'printf %s "$LD_PRELOAD"') || return 1
    local lie=(env "LD_PRELOAD=$preload" FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1)
    configure
    serve there "${lie[@]}" FAKETIME='@2040-05-05 12:00:00' "${emulator[@]}" "$path" || return 1
    console "${talk[@]}" incident open wifi 'Long after 2038' || return 1
    says 'Long after 2038' && says "$day" || return 1
    stop -KILL
    # The clock of the next start is later, and the journal's times are what they were.
    serve again "${lie[@]}" FAKETIME='@2041-01-01 12:00:00' "${emulator[@]}" "$path" || return 1
    says 'Long after 2038' && says "$day" || return 1
    stop
}

# ---- the bills of materials ------------------------------------------------------------------------------------------

bills() {
    local venv=$work/venv-sbom list=$root/cross/requirements-sbom.txt found=("$release"/aiglon-*.cdx.json)
    [[ -f ${found[0]} ]] || {
        printf 'there is none in %s\n' "$release"
        return 1
    }
    if ! cmp -s -- "$list" "$venv/requirements.txt"; then
        rm -rf -- "$venv"
        # Not all that the library would want: no XML.
        python3 -m venv "$venv" &&
            timeout 300 "$venv/bin/pip" install -q --no-deps --require-hashes --only-binary :all: -r "$list" || return 1
        cp -- "$list" "$venv/requirements.txt"
    fi
    "$venv/bin/python3" "$root/cross/check_sbom.py" "${found[@]}"
}

# ---- all of it ------------------------------------------------------------------------------------------------------

if [[ $core ]]; then
    standard_library
    linker
fi
for name in "${machines[@]}"; do
    machine "$name"
    if [[ $core ]]; then
        check "$name: core" core_tests
    fi
    [[ ! $program$journal ]] || programs
    if [[ $program ]]; then
        check "$name: daemon, console, stories" end_to_end --test daemon --test console --test stories --test strict_http
        check "$name: restarts and power cuts" end_to_end --test durable
        check "$name: curl" end_to_end --test peers curl
        if [[ -x $full ]]; then
            check "$name: the full one, by SSH" by_ssh
            stop
        else
            printf '      %s: no full program, no SSH\n' "$name"
        fi
    fi
    if [[ $journal ]]; then
        (cd -- "$root" && cargo build --quiet --locked)
        check "$name: journal from here and back" journal_both_ways
        stop
        check "$name: after 2038" year_2040
        stop
    fi
done
if [[ $sbom ]]; then
    check 'bills of materials' bills
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))

#!/usr/bin/env bash
# rustc's linker for the small build on ARMv7 and MIPS, for the machine in $ZIG_MACHINE. zig's links as cargo-zigbuild has it, and
# says how it did that. It does so again with what zig cannot be told: functions of the same bytes are one, and there are no tables
# for an unwinder. 4.5 KB on MIPS, 1.6 KB on ARMv7.
set -euo pipefail
# shellcheck disable=SC2086
said=$(ZIG_VERBOSE_LINK=1 python3 -m ziglang cc -g -fno-sanitize=all -target $ZIG_MACHINE "$@" 2>&1) || {
    printf '%s\n' "$said" >&2
    exit 1
}
# zig quotes nothing: cross/build.sh refuses paths with spaces.
read -r -a again < <(grep '^ld\.lld ' <<<"$said" | tail -n 1)
exec python3 -m ziglang "${again[@]}" --icf=all --no-eh-frame-hdr --script "${0%/*}/small.ld"

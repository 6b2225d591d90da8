#!/usr/bin/env bash
# cargo's RUSTC_WRAPPER in cross/build.sh: gives each crate of the program a `-C metadata` that says what it is, not where it
# lies. cargo's own one holds the path of the standard library's source (as of 1.95), and by it every symbol's name, their order
# and with that the program would be others in another directory.
set -euo pipefail
rustc=$1
shift
what="${CARGO_PKG_NAME:-} ${CARGO_PKG_VERSION:-}" before='' crosses='' arguments=()
for argument; do
    case $before in
    --cfg | --crate-name | --crate-type) what+=" $argument" ;;
    --target) crosses=yes ;;
    esac
    # The standard library may have the same crate as we, of the same version.
    [[ $argument != -Zforce-unstable-if-unmarked ]] || what+=" std"
    before=$argument
done
# What runs in the build alone stays as it is.
[[ $crosses ]] || exec "$rustc" "$@"
read -r sum _ < <(sha256sum <<<"$what")
for argument; do
    [[ $argument != metadata=* ]] || argument=metadata=${sum:0:16}
    arguments+=("$argument")
done
exec "$rustc" "${arguments[@]}"

#!/usr/bin/env bash
# Builds what is committed twice, in two directories of different names, and compares the bytes.
#
#     cross/reproduce.sh [TARGET [small|full]]     mips-unknown-linux-musl small
#
# If they differ, both stay for looking into. The last line is "N passed, N failed".
# shellcheck source-path=SCRIPTDIR
. "$(dirname -- "${BASH_SOURCE[0]}")/tools.sh"

target=${1:-mips-unknown-linux-musl} build=${2:-small}
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
standard_library
commit=$(git -C "$root" rev-parse HEAD)

# Both have a source of the standard library of their own, too: no path may show.
for place in a "somewhere else/b"; do
    mkdir -p -- "$scratch/$place/src" "$scratch/$place/std"
    (cd -- "$root" && git archive "$commit") | tar -x -C "$scratch/$place/src"
    cp -R -- "$std" "$scratch/$place/std/library"
    RUST_STD_SOURCE=$scratch/$place/std/library CARGO_TARGET_DIR=$scratch/$place/target \
        "$scratch/$place/src/cross/build.sh" --build "$build" --out "$scratch/$place/out" "$target" \
        >"$scratch/log" 2>&1 || { grep -q 'over its limit' "$scratch/log" || { cat -- "$scratch/log"; exit 1; }; }
done
one=$scratch/a/out two="$scratch/somewhere else/b/out"
same=0 differ=0
for file in "$one"/*; do
    [[ -f $file ]] || continue
    if cmp -- "$file" "$two/${file##*/}"; then
        same=$((same + 1))
    else
        differ=$((differ + 1))
    fi
done
((differ == 0)) || {
    trap - EXIT
    printf '    both are in %s\n' "$scratch"
}
sed 's/^/    /' "$one/SHA256SUMS"
printf '%d passed, %d failed\n' "$same" "$differ"
((same > 0 && differ == 0))

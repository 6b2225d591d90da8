#!/usr/bin/env bash
# Makes Debian packages out of programs of cross/build.sh, for armhf, armel, arm64, riscv64 and amd64, into target/cross/release.
#
#     cross/deb.sh [--out DIR] PROGRAM...
#
# PROGRAM is named as cross/build.sh names it, aiglon-VERSION-TARGET-BUILD. The package of a small build is aiglon-mini; boards want
# the full one, aiglon. cargo-deb comes by cargo.
# shellcheck source-path=SCRIPTDIR
. "$(dirname -- "${BASH_SOURCE[0]}")/tools.sh"

cargo_deb=3.8.0
out=$work/release
while (($#)); do
    case $1 in
    --out) [[ -n ${2:-} ]] || die '--out wants a directory'; out=$2; shift ;;
    -h | --help) sed -n '2,/^# the full/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit ;;
    -*) die "no option $1; see --help" ;;
    *) break ;;
    esac
    shift
done
(($#)) || die 'which program? See --help'
for program; do
    [[ -f $program ]] || die "no file $program; cross/build.sh makes them"
done

tool=$work/cargo-deb-$cargo_deb
# It works for seconds: what its own profile would optimise takes minutes.
[[ -x $tool/bin/cargo-deb ]] || printf 'building cargo-deb %s first, once: some minutes\n' "$cargo_deb" >&2
[[ -x $tool/bin/cargo-deb ]] ||
    CARGO_TARGET_DIR=$work/cargo-deb-build CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=false \
        cargo install --quiet --locked --root "$tool" --version "$cargo_deb" cargo-deb ||
    die 'no cargo-deb: see above'

# cargo-deb looks for a program where cargo would have built it.
stage=$(mktemp -d)
trap 'rm -rf -- "$stage"' EXIT
mkdir -p -- "$out"
for program; do
    [[ ${program##*/} =~ ^aiglon-[0-9]+\.[0-9]+\.[0-9]+-(.+)-(small|full)$ ]] ||
        die "${program##*/}: name it as cross/build.sh does, aiglon-VERSION-TARGET-BUILD"
    target=${BASH_REMATCH[1]} variant=()
    [[ ${BASH_REMATCH[2]} == full ]] || variant=(--variant mini)
    [[ " ${targets//$'\n'/ } " == *" $target "* ]] || die "no target $target"
    mkdir -p -- "$stage/$target/release"
    cp -- "$program" "$stage/$target/release/aiglon"
    (cd -- "$root" && CARGO_TARGET_DIR=$stage SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(released)} \
        "$tool/bin/cargo-deb" --quiet --locked --no-build --no-strip --target "$target" "${variant[@]}" --output "$out/")
done

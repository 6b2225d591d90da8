#!/usr/bin/env bash
# Makes static musl programs for routers and boards, into target/cross/release.
#
#     cross/build.sh [OPTION]... TARGET...|all
#
#     --build small|full|both   small: for 8 MB of flash, says nothing when it panics; full: for boards. Both by default.
#     --out DIR                 somewhere else
#     --record                  write the sizes into cross/sizes
#
# Everything comes from package registries, by cargo, pip and apt; cross/README.md says what and why.
# Exit 1 if a program is over its limit in cross/sizes.
# shellcheck source-path=SCRIPTDIR
. "$(dirname -- "${BASH_SOURCE[0]}")/tools.sh"

builds='small full' out=$work/release record=''
wanted=()
while (($#)); do
    case $1 in
    --build)
        case ${2:-} in small | full) builds=$2 ;; both) ;; *) die '--build is small, full or both' ;; esac
        shift
        ;;
    --out) [[ -n ${2:-} ]] || die '--out wants a directory'; out=$2; shift ;;
    --record) record=yes ;;
    -h | --help) sed -n '2,/^# Exit/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit ;;
    all) read -r -d '' -a wanted <<<"$targets" || : ;;
    -*) die "no option $1; see --help" ;;
    *)
        [[ " ${targets//$'\n'/ } " == *" $1 "* ]] || die "no target $1; there are:" ${targets}
        wanted+=("$1")
        ;;
    esac
    shift
done
((${#wanted[@]})) || die 'which target? Or: all'
mkdir -p -- "$out/symbols"
out=$(cd -- "$out" && pwd)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
standard_library
linker

# Sets for a target and a build: `flags`, for all crates; `last`, for the one that all of them end up in; and `options`.
settings() {
    common_flags "$1"
    last=()
    options=('-Zbuild-std=std,panic_abort' -Zbuild-std-features=optimize_for_size)
    flags+=(-Zunstable-options)
    # A panic of the small build ends it at once and without a word.
    [[ $2 == full ]] || flags+=(-Cpanic=immediate-abort -Zlocation-detail=none)
    # Nobody reads the tables to find the way back from a panic: the stack is not unwound.
    flags+=(-Zfmt-debug=none -Cforce-unwind-tables=no -Crelocation-model=static)
    case $1 in
    armv7*) flags+=(-Ctarget-feature=+thumb-mode) ;; # Thumb-2: a quarter shorter
    esac
    if [[ $2 == full ]]; then
        options+=(--features full)
        case $1 in
        # What the others do not need for their goal: code that stands twice stands once.
        aarch64*) last+=(-Cllvm-args=-enable-machine-outliner=always) ;;
        esac
        return
    fi
    # Who writes a configuration has a larger build, on any machine.
    options+=(--no-default-features --features 'gzip hmac-sha256/opt_size')
    case $1 in
    armv7*) flags+=(-Cllvm-args=-enable-machine-outliner=always) ;;
    # Looks further for what may stand behind a branch, where half as often nothing does then: 20 KB.
    mips*)
        last+=(-Cllvm-args=-disable-mips-df-forward-search=false -Cllvm-args=-disable-mips-df-succbb-search=false)
        # A call that ends a function is a jump, which LLVM makes on MIPS only when told to. And Rust has looked for a division
        # by zero already: no trap need stand behind each. 6 KB.
        last+=(-Cllvm-args=-mips-tail-calls -Cllvm-args=-mno-check-zero-division)
        # Without copies of the ends of blocks that save a jump, and without tables for choices among few: 2.5 KB.
        last+=(-Cllvm-args=-tail-dup-placement=false -Cllvm-args=-disable-early-taildup)
        last+=(-Cllvm-args=-min-jump-table-entries=8)
        # Instructions in the order of the source, which does not suit each place best and so looks alike in many: 1.8 KB more,
        # but 6.4 KB less when compressed, as flash has it.
        last+=(-Cllvm-args=-pre-RA-sched=source)
        ;;
    esac
    ZIG_MACHINE=$(zig_machine "$1")
    export ZIG_MACHINE
    case $1 in
    armv7* | mips*)
        [[ $work$root != *[[:space:]]* ]] || die 'the small build cannot be linked where a path has spaces'
        last+=("-Clinker=$root/cross/linker.sh")
        ;;
    esac
    # Addresses are not moved out of loops. A whole task is a loop to LLVM: all its addresses would come to its beginning, where few
    # turns need them and they find no register. 17 KB on MIPS, 5 KB on ARMv7, and up to 4% fewer instructions.
    last+=(-Cllvm-args=-disable-machine-licm)
    # Registers are kept on the stack where that takes fewest bytes: 0.9 KB on MIPS.
    last+=(-Cllvm-args=-split-spill-mode=size)
    # Without a second copy of a load where only some ways to it have had one: 0.8 KB.
    last+=(-Cllvm-args=-enable-load-pre=false)
    # Before all else: what is linked in first is not looked for elsewhere.
    last+=("-Zpre-link-arg=$(stand_in "$1")")
}

# What zig calls the machine of a target. On ARMv7 that is Thumb-2, for musl as for all else: 7.8 KB.
zig_machine() {
    case $1 in
    mips-*) echo mips-linux-musleabi ;;
    mipsel-*) echo mipsel-linux-musleabi ;;
    armv7-*) echo 'thumb-linux-musleabihf -mcpu=generic+v7a+vfp3-d32+thumb2-neon' ;;
    arm-*) echo 'arm-linux-musleabi -mcpu=generic+v6+strict_align' ;;
    riscv64gc-*) echo riscv64-linux-musl ;;
    *) echo "${1/-unknown/}" ;;
    esac
}

# cross/small.c, compiled for a target.
stand_in() {
    local object sum
    # A name of its own for each text: cargo links again for another name, not for other bytes.
    sum=$(cksum <"$root/cross/small.c")
    object=$work/small-$1-${sum%% *}.o
    # shellcheck disable=SC2086
    python3 -m ziglang cc -target $ZIG_MACHINE -Os -g0 -fno-sanitize=all -fno-builtin -c "$root/cross/small.c" -o "$object" >&2
    printf '%s\n' "$object"
}

# make TARGET BUILD
make() {
    local target=$1 build=$2 profile=small name=aiglon-$version-$1-$2
    [[ $build == small ]] || profile=release
    settings "$target" "$build"
    encode "${flags[@]}"
    # For size, yet not at any price: the full build has 1.6 MiB to keep to, where with speed alone it has 2.9 MB on ARM.
    # The symbols are for the report; cross/elf.py takes them off, and what rustc's strip leaves.
    (cd -- "$root" && env CARGO_TARGET_DIR="$work/build" "CARGO_PROFILE_${profile^^}_STRIP=none" \
        CARGO_PROFILE_RELEASE_OPT_LEVEL=s RUSTC_WRAPPER="$root/cross/rustc.sh" \
        cargo-zigbuild rustc --quiet --locked --profile "$profile" --bin aiglon --target "$target" \
        "${options[@]}" -- "${last[@]}") || die "$target $build: see above"
    cp -- "$work/build/$target/$profile/aiglon" "$out/symbols/$name"
    "$root/cross/elf.py" strip "$out/symbols/$name" "$out/$name"
}

for target in "${wanted[@]}"; do
    for build in $builds; do
        begin=$SECONDS
        make "$target" "$build"
        (cd -- "$root" && cross/sbom.py "$target" "$build") >"$out/aiglon-$version-$target-$build.cdx.json"
        printf '%-32s %-6s %4d s\n' "$target" "$build" $((SECONDS - begin))
    done
done
(
    cd -- "$out"
    sha256sum -- aiglon-"$version"-* >SHA256SUMS
)
[[ -z $record ]] || "$root/cross/budget.py" record "$out"
status=0
"$root/cross/budget.py" check "$out" >"$out/SIZES" || status=1
cat -- "$out/SIZES"
exit $status

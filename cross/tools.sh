# For build.sh and test.sh to read: where things are, and how they come here. Everything comes from package registries
# by their own clients, into target/cross; nothing is installed on the machine.
# shellcheck shell=bash disable=SC2034,SC2016
set -euo pipefail
unset CDPATH
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
work=${CARGO_TARGET_DIR:-$root/target}/cross
case $work in /*) ;; *) work=$PWD/$work ;; esac
mkdir -p -- "$work"
command -v cargo >/dev/null || PATH=$PATH:$HOME/.cargo/bin
# The toolchain that rust-toolchain or rustup's default names here; nightly is not needed.
rust=$(cd -- "$root" && rustc -V | cut -d' ' -f2)

targets='mips-unknown-linux-musl mipsel-unknown-linux-musl armv7-unknown-linux-musleabihf arm-unknown-linux-musleabi
    aarch64-unknown-linux-musl riscv64gc-unknown-linux-musl x86_64-unknown-linux-musl'

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# ---- the standard library's source -------------------------------------------------------------------------------

# MIPS has no prebuilt standard library, and the prebuilt ones carry twice the bytes. Its source must be of exactly the
# compiler's version. Sets $std to its directory `library`.
standard_library() {
    local sysroot
    sysroot=$(cd -- "$root" && rustc --print sysroot)
    if [[ -n ${RUST_STD_SOURCE:-} ]]; then
        std=$(kept_source "$RUST_STD_SOURCE")
    elif [[ -d $sysroot/lib/rustlib/src/rust/library/std ]]; then
        std=$sysroot/lib/rustlib/src/rust/library
    elif [[ -d $work/std-$rust/library/std ]] || debian_source >"$work/std.log" 2>&1; then
        std=$work/std-$rust/library
    else
        tail -n 5 -- "$work/std.log" >&2
        die "no source of the standard library $rust. With rustup: rustup component add rust-src. Else set" \
            "RUST_STD_SOURCE to its directory 'library', or to an archive that holds it."
    fi
}

# An archive with `library` in it, or that directory.
kept_source() {
    if [[ -d $1 ]]; then
        (cd -- "$1" && pwd)
        return
    fi
    if [[ ! -d $work/std-kept-$rust/library ]]; then
        local part=$work/std-kept-$rust.part
        rm -rf -- "$part"
        mkdir -p -- "$part"
        tar -xf "$1" -C "$part"
        mv -- "$part" "$work/std-kept-$rust"
    fi
    (cd -- "$work/std-kept-$rust" && dirname -- "$(find . -maxdepth 3 -type d -path '*library/std' | head -n 1)" |
        sed "s|^\.|$PWD|")
}

# Debian's package rust-src of that version, downloaded but not installed. apt gets a state directory of its own, since
# the version may stand in another suite than the machine's; where Debian is, the machine's own configuration says.
debian_source() {
    local apt=$work/apt part=$work/std-$rust.part suite site version=
    command -v apt-get >/dev/null || return 1
    mkdir -p -- "$apt/state/lists/partial" "$apt/cache/archives/partial" "$part"
    : >"$apt/status"
    for site in $(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | sort -u); do
        for suite in trixie-backports forky sid; do
            printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$site" "$suite" \
                >"$apt/sources.list"
            private_apt update || continue
            version=$(private_apt_cache madison rust-src |
                awk -v rust="$rust" -F' *[|] *' '{ sub(/ *$/, "", $2) } index($2, rust "+") == 1 { print $2; exit }')
            [[ -z $version ]] || break 2
        done
    done
    [[ -n $version ]] || {
        printf 'Debian has no rust-src %s\n' "$rust"
        return 1
    }
    (cd -- "$apt" && private_apt download "rust-src=$version") || return 1
    dpkg-deb --fsys-tarfile "$apt"/rust-src_*.deb |
        tar -x -C "$part" --strip-components=4 --wildcards './usr/src/rustc-*/library' || return 1
    rm -f -- "$apt"/rust-src_*.deb
    mv -- "$part" "$work/std-$rust"
}

private_apt() {
    timeout 300 apt-get -q "${apt_options[@]}" "$@"
}

private_apt_cache() {
    apt-cache "${apt_options[@]}" "$@"
}

apt_options=(-o "Dir::State=$work/apt/state" -o "Dir::State::status=$work/apt/status" -o "Dir::Cache=$work/apt/cache"
    -o "Dir::Etc::sourcelist=$work/apt/sources.list" -o Dir::Etc::sourceparts=- -o Dir::Etc::preferencesparts=-
    -o APT::Sandbox::User=root -o 'APT::Update::Error-Mode=any')

# ---- the linker ---------------------------------------------------------------------------------------------------

# zig has a linker, musl 1.2 and libunwind for every target; cargo-zigbuild lets cargo use them.
linker() {
    local venv=$work/venv
    if ! cmp -s -- "$root/cross/requirements.txt" "$venv/requirements.txt"; then
        rm -rf -- "$venv"
        python3 -m venv "$venv"
        timeout 300 "$venv/bin/pip" install -q --require-hashes --only-binary :all: -r "$root/cross/requirements.txt" ||
            die 'no zig: see above'
        cp -- "$root/cross/requirements.txt" "$venv/requirements.txt"
    fi
    PATH=$venv/bin:$PATH
    export ZIG_GLOBAL_CACHE_DIR=$work/zig ZIG_LOCAL_CACHE_DIR=$work/zig CARGO_ZIGBUILD_CACHE_DIR=$work/zigbuild
}

# ---- flags ----------------------------------------------------------------------------------------------------------

# What each build for a target needs to be right, with the reason. Sets `flags`.
common_flags() {
    flags=(
        # Without it the link on MIPS is one that dies at its start.
        -Ctarget-feature=+crt-static
        # musl and its start files are zig's.
        -Clink-self-contained=no
        # The same bytes from whatever directory.
        "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo" "--remap-path-prefix=$std=std"
        "--remap-path-prefix=$work/build=build" "--remap-path-prefix=$root=aiglon"
    )
    case $1 in
    # Position-independent ones weigh 10% more. The other: as in .cargo/config.toml, which these flags replace.
    mips*) flags+=(-Crelocation-model=static --cfg=fix_y2038) ;;
    esac
    # Stable Rust does this only when asked in that way: build-std, and the flags of the small build.
    export RUSTC_BOOTSTRAP=1 __CARGO_TESTS_ONLY_SRC_ROOT=$std
}

# Cargo wants them with a separator that no path has.
encode() {
    local IFS=$'\x1f'
    export CARGO_ENCODED_RUSTFLAGS="$*"
    unset RUSTFLAGS
}

# The date of the newest release, in seconds: the time of every file in a package.
released() {
    date -u -d "$(sed -n 's/^## [0-9.]* - \([0-9-]*\)$/\1/p' "$root/CHANGELOG.md" | head -n 1)" +%s
}

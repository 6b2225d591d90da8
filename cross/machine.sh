#!/usr/bin/env bash
# Whole machines of 64 MB, with a Debian kernel, busybox, and the small program of cross/build.sh in the initramfs (Debian:
# qemu-system-arm, qemu-system-mips, kmod, cpio, e2fsprogs, curl). It boots, serves the page, takes an alert; its memory is
# read from inside; its power is cut; it boots again, and the incident is still there.
#
#     cross/machine.sh [--keep] [armv7|mipsel]...     both by default: Arm's `virt`, and MIPS Technologies' Malta
#
#     --keep      leave the last machine running, and say how to reach it
#
# The last line is "N passed, N failed".
# shellcheck source-path=SCRIPTDIR
. "$(dirname -- "${BASH_SOURCE[0]}")/tools.sh"

boot_s=180
keep='' boards=()
while (($#)); do
    case $1 in
    --keep) keep=yes ;;
    armv7 | mipsel) boards+=("$1") ;;
    *) sed -n '2,/^# The last/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2 ;;
    esac
    shift
done
((${#boards[@]})) || boards=(armv7 mipsel)
PATH=$PATH:/usr/sbin:/sbin
for program in depmod cpio mkfs.ext4 curl; do
    command -v "$program" >/dev/null || die "no $program"
done
scratch=$(mktemp -d)
machine=
trap 'cut_off; rm -rf -- "$scratch"' EXIT
passed=0 failed=0

# ---- what the machine is made of --------------------------------------------------------------------------------------

# Sets what a board is: `arch` and `suite` of its Debian, `target`, `emulator`, `bus` of its devices and `rom`
# of its network card, `console`, `drivers`.
board() {
    drivers=(virtio_blk virtio_net ext4 crc32c_generic)
    case $1 in
    armv7)
        arch=armhf suite='' kernels=linux-image-armmp target=armv7-unknown-linux-musleabihf
        emulator=(qemu-system-arm -M virt -cpu cortex-a7) bus=device rom='' console=ttyAMA0
        drivers=(virtio_mmio "${drivers[@]}")
        ;;
    # The last Debian for 32-bit MIPS is bookworm, and it has little-endian ones alone.
    mipsel)
        arch=mipsel suite=bookworm kernels=linux-image-4kc-malta target=mipsel-unknown-linux-musl
        # Without the cards whose own programs are in further packages.
        emulator=(qemu-system-mipsel -M malta -cpu 24Kc -vga none) bus=pci rom=,romfile= console=ttyS0
        drivers=(virtio_pci "${drivers[@]}")
        ;;
    esac
    command -v "${emulator[0]}" >/dev/null || die "no ${emulator[0]}"
    parts=$work/$arch
}

# Its kernel and busybox, from where this machine has its own Debian: downloaded and unpacked, not installed.
debian() {
    local apt=$work/apt-$arch part=$parts.part site own kernel
    [[ ! -d $parts ]] || return 0
    rm -rf -- "$part"
    mkdir -p -- "$apt/state/lists/partial" "$apt/cache/archives/partial" "$part"
    : >"$apt/status"
    read -r site own < <(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' \
        'Label: Debian' 'Component: main' | sort -u | head -n 1)
    printf 'deb [arch=%s signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$arch" "$site" \
        "${suite:-$own}" >"$apt/sources.list"
    local options=(-o "Dir::State=$apt/state" -o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt/cache"
        -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- -o "APT::Architecture=$arch"
        -o "APT::Architectures=$arch" -o APT::Sandbox::User=root)
    timeout 300 apt-get -q "${options[@]}" update
    kernel=$(apt-cache "${options[@]}" depends "$kernels" | sed -n 's/.*Depends: //p' | head -n 1)
    [[ -n $kernel ]] || {
        printf 'no %s\n' "$kernels"
        return 1
    }
    (cd -- "$part" && timeout 300 apt-get -q "${options[@]}" download "$kernel" busybox-static) || return 1
    for package in "$part"/*.deb; do
        dpkg-deb -x "$package" "$part"
        rm -- "$package"
    done
    mv -- "$part" "$parts"
}

# The initramfs: /init mounts the disk as the flash, starts the daemon, and tells its memory over and over.
initramfs() {
    local tree=$scratch/tree modules release program
    program=$(find "$work/release" -maxdepth 1 -name "aiglon-*-$target-small")
    [[ -n $program ]] || die "no program: cross/build.sh --build small $target"
    modules=$(echo "$parts"/lib/modules/*)
    release=${modules##*/}
    rm -rf -- "$tree"
    mkdir -p -- "$tree"/{bin,etc,proc,sys,dev,run,flash,lib/modules/"$release"}
    cp -- "$parts/bin/busybox" "$tree/bin/busybox"
    cp -- "$program" "$tree/bin/aiglon"
    # Of the modules only those that this machine needs, and what they need.
    depmod -b "$parts" "$release"
    for name in "${drivers[@]}"; do
        modprobe -d "$parts" -S "$release" --show-depends "$name" | awk '$1 == "insmod" { print $2 }'
    done | awk '!seen[$0]++' >"$scratch/modules"
    while read -r file; do
        cp -- "$file" "$tree/lib/modules/"
        printf 'insmod /lib/modules/%s\n' "${file##*/}"
    done <"$scratch/modules" >"$tree/etc/modules"
    cat >"$tree/etc/aiglon" <<EOF
config listen 'lan'
	option address '0.0.0.0:8080'
	option plaintext '1'
	list serve 'page'
	list serve 'ingest'
config site 'home'
	option title 'Antennas'
	option lang 'en'
	option visibility 'public'
config source 'alertmanager'
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
    cat >"$tree/init" <<'EOF'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
# Some are for processors that this one is not; what it really lacks shows below.
sh /etc/modules
ifconfig lo 127.0.0.1 up
ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up
mount -t ext4 /dev/vda /flash
echo "machine: $(grep /flash /proc/mounts)"
aiglon check /etc/aiglon
aiglon serve /etc/aiglon --state-dir /flash &
pid=$!
while sleep 2; do
    echo "machine: total $(sed -n 's/^MemTotal: *//p' /proc/meminfo), available $(sed -n 's/^MemAvailable: *//p' \
        /proc/meminfo), aiglon $(sed -n 's/^VmRSS:[^0-9]*//p' /proc/$pid/status) resident"
done
EOF
    chmod +x "$tree/init"
    (cd -- "$tree" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -1) >"$scratch/initramfs"
}

# ---- the machine's life -----------------------------------------------------------------------------------------------

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# power_on NAME: boots it, and waits until it serves.
power_on() {
    local begin=$SECONDS
    log=$work/log-machine-$arch-$1
    port=$(free_port)
    url=http://127.0.0.1:$port
    "${emulator[@]}" -m 64 -nographic -no-reboot \
        -kernel "$(echo "$parts"/boot/vmlinu[xz]-*)" -initrd "$scratch/initramfs" \
        -append "console=$console quiet panic=-1" \
        -drive "file=$scratch/flash,format=raw,if=none,id=flash,cache=writethrough" \
        -device "virtio-blk-$bus,drive=flash" \
        -netdev "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:$port-10.0.2.15:8080" \
        -device "virtio-net-$bus,netdev=net$rom" >"$log" 2>&1 </dev/null &
    machine=$!
    until curl -sS --max-time 5 "$url/" >/dev/null 2>&1; do
        if ((SECONDS - begin > boot_s)) || ! kill -0 "$machine" 2>/dev/null; then
            tail -n 40 -- "$log"
            return 1
        fi
        sleep 1
    done
    printf '      it serves %d s after power on\n' $((SECONDS - begin))
}

cut_off() {
    [[ -n $machine ]] || return 0
    kill -KILL "$machine" 2>/dev/null || :
    wait "$machine" 2>/dev/null || :
    machine=
}

says() {
    curl -sS --max-time 10 -H 'Accept-Language: en' "$url/" >"$scratch/page"
    grep -q -- "$1" "$scratch/page"
}

alert() {
    curl -sS --max-time 10 -f -o /dev/null -H 'Authorization: Bearer secret' -H 'Content-Type: application/json' \
        --data-binary '{"version":"4","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Down",
            "severity":"critical","service":"wifi","component":"heron"},"annotations":{},
            "startsAt":"2026-11-21T09:00:00Z","endsAt":"0001-01-01T00:00:00Z"}]}' "$url/api/v1/webhook"
}

memory() {
    sleep 5
    grep -a '^machine: total .* aiglon [0-9]* kB resident' "$log" | tail -n 1 | sed 's/^/      /'
    # Under its 64 MB, with nothing killed for want of memory.
    grep -qa '^machine: total .* aiglon [0-9]* kB resident' "$log" && ! grep -qai 'out of memory' "$log"
}

check() {
    local name=$1
    shift
    if "$@"; then
        printf 'ok    %s\n' "$name"
        passed=$((passed + 1))
    else
        printf 'FAIL  %s\n' "$name"
        failed=$((failed + 1))
    fi
}

for name in "${boards[@]}"; do
    cut_off
    board "$name"
    printf '%s, %s:\n' "$name" "${emulator[*]}"
    debian >"$parts.log" 2>&1 || { tail -n 5 -- "$parts.log"; die 'no kernel'; }
    initramfs
    rm -f -- "$scratch/flash"
    truncate -s 8M "$scratch/flash"
    mkfs.ext4 -q -F "$scratch/flash"

    check 'it boots, with 64 MB' power_on first
    check 'its flash is a disk, not memory' grep -q 'machine: /dev/vda' "$log"
    check 'nothing is known yet' says 'We do not know'
    check 'it takes an alert' alert
    check 'the page says so' says 'incidents/1'
    check 'its memory, from inside' memory
    cut_off
    check 'it boots again after a power cut' power_on second
    check 'the incident is still there' says 'incidents/1'
    check 'its memory, from inside' memory
done
printf '%d passed, %d failed\n' "$passed" "$failed"
if [[ $keep ]]; then
    printf 'The page is at %s; Ctrl-C ends it.\n' "$url"
    wait "$machine"
fi
((failed == 0))

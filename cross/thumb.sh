#!/usr/bin/env bash
# rustc's linker for the small build on ARMv7: zig's, as cargo-zigbuild calls it, with a musl of Thumb-2, which it cannot be told.
exec python3 -m ziglang cc -g -fno-sanitize=all -target thumb-linux-musleabihf -mcpu=generic+v7a+vfp3-d32+thumb2-neon "$@"

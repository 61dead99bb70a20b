#!/usr/bin/env bash
# Run the self-test of a Nano kit on an emulated 64-bit Arm processor, and its live program on each picture of a
# short movie, if one is named: nano_kit_on_arm64.sh KIT [WORK [MOVIE]]
#
# Debian 12, no root needed but for `apt-get update` with the architecture arm64 added
# (dpkg --add-architecture arm64). An emulator (qemu-user-static), a Python for arm64 and its libraries are
# downloaded and unpacked into WORK, wheels for aarch64 laid beside them, nothing is installed.
# -cpu cortex-a57 is the Nano's. What it printed last is in nano_kit_on_arm64.txt.
set -euo pipefail
kit=$(realpath "$1")
work=$(realpath -m "${2:-arm64-work}")
movie=${3:+$(realpath "$3")}
root=$work/root
mkdir -p "$work/debs" "$root"
cd "$work/debs"
[ -n "$(ls qemu-user-static_*.deb 2>/dev/null)" ] || apt-get download qemu-user-static
libraries=(libc6 libgcc-s1 libstdc++6 zlib1g libexpat1 libffi8 libbz2-1.0 liblzma5 libsqlite3-0
    libssl3 libuuid1 libreadline8 libtinfo6 libcrypt1 libncursesw6 libpython3.11-minimal
    libpython3.11-stdlib python3.11-minimal)
[ -n "$(ls libc6_*arm64.deb 2>/dev/null)" ] || apt-get download "${libraries[@]/%/:arm64}"
dpkg-deb -x qemu-user-static_*.deb "$work/emulator"
for package in *_arm64.deb; do dpkg-deb -x "$package" "$root"; done
python3 -m pip install --quiet --target "$work/site" --upgrade --only-binary=:all: \
    --implementation cp --python-version 3.11 \
    --platform manylinux_2_34_aarch64 --platform manylinux_2_28_aarch64 \
    --platform manylinux_2_17_aarch64 --platform manylinux2014_aarch64 \
    "tflite-runtime==2.14.0" "numpy==1.26.4" "opencv-python-headless==4.10.0.84"
export PYTHONPATH=$work/site PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1
cd "$kit"
emulated() {
    "$work/emulator/usr/bin/qemu-aarch64-static" -cpu cortex-a57 -L "$root" \
        -E LD_LIBRARY_PATH="$root/lib/aarch64-linux-gnu:$root/usr/lib/aarch64-linux-gnu" \
        -E PYTHONHOME="$root/usr" \
        "$root/usr/bin/python3.11" "$@"
}
emulated selftest.py
if [ -n "$movie" ]; then emulated run_live.py "$movie" --each; fi

#!/bin/sh
# Jetson Nano, JetPack 4.6 (Ubuntu 18.04): a TFLite runtime, then the self-test. OpenCV comes with JetPack.
set -eu
cd "$(dirname "$0")"
sudo apt-get update
# Python 3.8 has a runtime on PyPI (tflite-runtime 2.13 needs no newer glibc than 2.27); 3.6 has none.
sudo apt-get install -y python3.8 python3.8-venv
python3.8 -m venv venv
venv/bin/pip install --upgrade pip
# OPENBLAS_CORETYPE: without it numpy may end with "Illegal instruction" on the Nano's A57.
export OPENBLAS_CORETYPE=ARMV8
venv/bin/pip install "tflite-runtime==2.13.0" "numpy<1.25" "opencv-python-headless==4.6.0.66"
venv/bin/python selftest.py

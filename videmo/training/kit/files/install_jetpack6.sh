#!/bin/sh
# Jetson Orin Nano, JetPack 6 (Ubuntu 22.04, Python 3.10): a TFLite runtime, then the self-test.
# On JetPack 5 (Python 3.8) use install_jetpack4.sh: newer wheels say that they fit there, and do not.
set -eu
cd "$(dirname "$0")"
sudo apt-get update
sudo apt-get install -y python3-venv
python3 -m venv venv
venv/bin/pip install --upgrade pip
venv/bin/pip install "ai-edge-litert>=2.1.6" "opencv-python-headless>=4.10,<5"
venv/bin/python selftest.py

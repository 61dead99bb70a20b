"""``python -m videmo`` is ``videmo``."""

from videmo.cli import main

main()

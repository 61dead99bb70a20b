"""How fast videmo is, and what it finds at that speed: `python -m benchmarks`."""

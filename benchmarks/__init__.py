"""Measurements. Each file is a program: `python -m benchmarks.NAME` prints what it measures."""

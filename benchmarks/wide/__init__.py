"""Networks that nobody tuned the engine for, against PyTorch: `python -m benchmarks.wide`."""

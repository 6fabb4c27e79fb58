"""Two jobs on one GPU that is cut into virtual devices: the parts of ``benchmarks/gpu.py``."""

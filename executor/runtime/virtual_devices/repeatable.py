"""Kernels that give the same bits every time, without which nothing can be compared bit by bit."""

import os

import torch


def choose_repeatable_kernels() -> None:
    """Let torch and cuBLAS take deterministic kernels, where there are any; call it before CUDA starts."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]

"""Random states: every forward pass has its own, whatever else its device runs."""

import hashlib

import torch


def seed_forward(seed: int, step: int, stage: int, microbatch: int) -> None:
    """Set the random state for the forward pass of one microbatch on one stage."""
    _seed(f"forward {seed} {step} {stage} {microbatch}")


def seed_parameters(seed: int, stage: int) -> None:
    """Set the random state in which the parameters of a stage are drawn."""
    _seed(f"parameters {seed} {stage}")


def _seed(purpose: str) -> None:
    number = int.from_bytes(hashlib.blake2b(purpose.encode(), digest_size=7).digest())
    torch.default_generator.manual_seed(number)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.manual_seed(number)

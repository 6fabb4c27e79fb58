"""Which backend a run takes."""

import os
from dataclasses import replace
from pathlib import Path

from gapweave.executor.runtime.options import BACKENDS, Backend, RunOptions
from gapweave.models.errors import InvalidOption

#: Processes that are started without being asked for: each takes seconds to start, and memory.
_FEW = 4


def is_under_torchrun() -> bool:
    """Whether torchrun (or a script in its manner) started this process as one rank."""
    return {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys()


def chosen_backend(options: RunOptions, ranks: int, objects_given: bool) -> RunOptions:
    """Replace ``auto`` by what this machine has.

    Raises
    ------
    InvalidOption
        The backend is unknown, or cannot run this.
    """
    if options.backend not in BACKENDS:
        expected = ", ".join(BACKENDS)
        raise InvalidOption(f"--backend: expected one of {expected}, got {options.backend!r}")
    chosen = options.backend
    if chosen == "auto":
        chosen = _chosen(ranks, objects_given)
    if chosen in ("gloo", "nccl") and objects_given and not is_under_torchrun():
        problem = "processes cannot be handed training jobs as objects"
        raise InvalidOption(f"backend {chosen}: {problem}: name a function that makes them (module:function)")
    if chosen == "nccl" and (gpus := _gpus()) < (1 if is_under_torchrun() else ranks):
        raise InvalidOption(f"--backend nccl: needs {ranks} GPUs, one for each device, found {gpus}")
    return replace(options, backend=chosen)


def _chosen(ranks: int, objects_given: bool) -> Backend:
    if is_under_torchrun():
        return "nccl" if _gpus() else "gloo"
    if objects_given:
        return "in-process"
    if gpus := _gpus():
        return "nccl" if gpus >= ranks else "one-gpu"
    return "gloo" if ranks <= max(_FEW, os.cpu_count() or 1) else "in-process"


def _gpus() -> int:
    if not Path("/proc/driver/nvidia").exists():  # importing torch to be told so takes seconds
        return 0
    import torch

    return torch.cuda.device_count()

"""What makes a job's numbers besides its parameters, in words: a run that goes on must have the same."""

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gapweave.executor.training.job import TrainingJob
from gapweave.executor.training.signature import as_tuple

#: Of one job, by what they are of.
Settings = Mapping[str, str]
#: Differs between processes.
ADDRESS = re.compile(r" at 0x[0-9a-f]+")
#: Characters of a setting that are kept; the rest is in a digest.
_LONGEST = 200


def settings_of(job: TrainingJob, microbatches: int) -> dict[str, str]:
    """Return the settings of a job; functions are known by name and arguments only.

    What the job's own functions fail to tell here is left out: it fails where it is used.
    """
    state = torch.random.get_rng_state()
    try:
        told: dict[str, Callable[[], str]] = {
            "seed": lambda: str(job.seed),
            "microbatches": lambda: str(microbatches),
            "clip_norm": lambda: str(job.clip_norm),
            "loss": lambda: described(job.loss),
            "optimizer": lambda: _optimizer(job),
            "first microbatch": lambda: _digest(job.microbatch(0, 0)),
        }
        told |= {
            f"stage {number}": partial(described, source)
            for number, source in enumerate(job.stages)
            if not isinstance(source, nn.Module)  # compared where it runs
        }
        return {name: text for name, tell in told.items() if (text := _told(tell)) is not None}
    finally:
        torch.random.set_rng_state(state)


def described(value: Any) -> str:
    """Return what can be said of a function or a module, the same in every process."""
    if isinstance(value, partial):
        words = [*map(repr, value.args), *(f"{name}={own!r}" for name, own in sorted(value.keywords.items()))]
        return _plain(f"{described(value.func)}({', '.join(words)})")
    return _plain(getattr(value, "__qualname__", None) or repr(value))


def _told(tell: Callable[[], str]) -> str | None:
    try:
        text = tell()
    except Exception:
        return None
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}... ({hashlib.blake2b(text.encode(), digest_size=8).hexdigest()})"


def _optimizer(job: TrainingJob) -> str:
    """Describe the optimizer by one that trains nothing."""
    made = job.optimizer([nn.Parameter(torch.zeros(1))])
    options = ", ".join(f"{name}={value}" for name, value in made.defaults.items())
    return _plain(f"{type(made).__name__}({options})")


def _digest(microbatch: tuple[Any, Any]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for value in (*as_tuple(microbatch[0]), *as_tuple(microbatch[1])):
        if isinstance(value, Tensor):
            digest.update(f"{value.dtype} {list(value.shape)}".encode())
            value = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
            digest.update(value)
        else:
            digest.update(_plain(repr(value)).encode())
    return digest.hexdigest()


def _plain(text: str) -> str:
    return ADDRESS.sub("", " ".join(text.split()))

"""Shapes and types of what a stage hands to the next, known before anything trains."""

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gapweave.executor.training.job import StageSource, TrainingJob
from gapweave.models.errors import ExecutionFailed


class Shape(NamedTuple):
    """Shape and type of one tensor."""

    shape: torch.Size
    dtype: torch.dtype


def output_signatures(job: TrainingJob, until: int) -> list[tuple[Shape, ...]]:
    """Return what each stage before ``until`` hands on, found without computing anything.

    The stages run once on torch's ``meta`` device, where tensors have a shape and no content; neither
    parameters nor random state are touched. What cannot run there runs once on a copy, without gradients.
    """
    if until == 0:
        return []
    state = torch.random.get_rng_state()
    try:
        inputs = as_tuple(job.microbatch(0, 0)[0])
        return _chain(job, until, inputs)
    finally:
        torch.random.set_rng_state(state)


def as_tuple(value: Any) -> tuple[Any, ...]:
    """Return one value or a sequence of values as a tuple."""
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def shapes_of(tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
    """Return the shapes and types of tensors."""
    return tuple(Shape(tensor.shape, tensor.dtype) for tensor in tensors)


def described(value: Any) -> str:
    """Return shape and type of a tensor, such as ``[2, 4] int64``, or the type of anything else."""
    if not isinstance(value, Tensor):
        return type(value).__name__
    return f"{list(value.shape)} {str(value.dtype).removeprefix('torch.')}"


def _chain(job: TrainingJob, until: int, inputs: tuple[Any, ...]) -> list[tuple[Shape, ...]]:
    signatures = []
    for number, source in enumerate(job.stages[:until]):
        try:
            outputs = _on_meta(source, inputs)
        except (RuntimeError, NotImplementedError, TypeError):
            outputs = _on_copy(source, inputs)
        if not all(isinstance(tensor, Tensor) and tensor.is_floating_point() for tensor in outputs):
            raise ExecutionFailed(
                f"stage {number}: expected floating-point tensors for the next stage, "
                f"got {', '.join(map(described, outputs))}"
            )
        signatures.append(shapes_of(outputs))
        inputs = tuple(torch.empty(shape, dtype=dtype, device="meta") for shape, dtype in signatures[-1])
    return signatures


def _on_meta(source: StageSource, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    if isinstance(source, nn.Module):
        module = copy.deepcopy(source).to("meta")
    else:
        with torch.device("meta"):
            module = source()
    module.to("meta")
    with torch.no_grad():
        return as_tuple(module(*(_moved(value, "meta") for value in inputs)))


def _on_copy(source: StageSource, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    module = copy.deepcopy(source) if isinstance(source, nn.Module) else source()
    real = [torch.zeros_like(value, device="cpu") if _is_meta(value) else value for value in inputs]
    with torch.no_grad():
        return as_tuple(module.cpu()(*real))


def _is_meta(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_meta


def _moved(value: Any, device: str) -> Any:
    return value.to(device) if isinstance(value, Tensor) else value

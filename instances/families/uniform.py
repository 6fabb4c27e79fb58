"""Textbook pipelines, F=1 and B=2 everywhere: ``uniform-pP-mM-k1`` and ``-k2[-reversed][-cap16]``."""

from collections.abc import Iterator

from gapweave.instances.pipeline import equal_stages, row_of_devices
from gapweave.models.instance import Instance, Job, StageMemory

_SOURCE = "synthetic: forward 1, backward 2, no transfers"
_SINGLES = ((4, 8), (8, 16))
_PAIR_DEVICES = 8
_PAIR_MICROBATCHES = (8, 16, 32)
_CAPACITY = 16


def instances() -> Iterator[Instance]:
    """Yield single jobs, and two equal jobs in the same and in reversed order, with and without a limit."""
    for devices, microbatches in _SINGLES:
        name = f"uniform-p{devices}-m{microbatches}-k1"
        yield _instance(name, "One job", devices, _job(devices, microbatches))
    for microbatches in _PAIR_MICROBATCHES:
        for reversed_order in (False, True):
            for capacity in (None, _CAPACITY):
                yield _pair(microbatches, reversed_order, capacity)


def _pair(microbatches: int, reversed_order: bool, capacity: int | None) -> Instance:
    order = "in reversed device order to each other" if reversed_order else "in the same device order"
    variant = ("-reversed" if reversed_order else "") + ("" if capacity is None else f"-cap{capacity}")
    return _instance(
        f"uniform-p{_PAIR_DEVICES}-m{microbatches}-k2{variant}",
        f"Two equal jobs {order}",
        _PAIR_DEVICES,
        _job(_PAIR_DEVICES, microbatches),
        _job(_PAIR_DEVICES, microbatches, "secondary", reversed_order),
        capacity=capacity,
    )


def _job(stages: int, microbatches: int, name: str = "primary", reversed_order: bool = False) -> Job:
    devices = range(stages)[::-1] if reversed_order else range(stages)
    memory = StageMemory(forward=1, backward=-1)
    return equal_stages(name, devices, microbatches, forward=1, backward=2, memory=memory)


def _instance(name: str, text: str, devices: int, *jobs: Job, capacity: int | None = None) -> Instance:
    memory = "no memory limit" if capacity is None else f"every device has memory for {capacity}"
    return Instance(
        name=name,
        description=f"{text}, {devices} stages, {jobs[0].microbatch_count} microbatches per job; each of "
        f"them in flight holds 1 unit on its stage; {memory}.",
        source=_SOURCE,
        devices=row_of_devices(devices, capacity),
        jobs=jobs,
    )

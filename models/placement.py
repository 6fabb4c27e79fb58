"""Placements: on which devices the stages of the secondary jobs run."""

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from gapweave.models.errors import InvalidOption
from gapweave.models.instance import Instance, Job

Placement: TypeAlias = Literal["given", "same", "reversed", "rotated", "v"]

#: From the primary's device order to the device of each stage of a secondary job.
_ORDERS: dict[Placement, Callable[[Sequence[int]], Sequence[int]]] = {
    "same": lambda devices: devices,
    "reversed": lambda devices: devices[::-1],
    "rotated": lambda devices: [*devices[len(devices) // 2 :], *devices[: len(devices) // 2]],
    "v": lambda devices: [*devices, *reversed(devices)],
}
PLACEMENTS: tuple[Placement, ...] = ("given", *_ORDERS)


def placed(instance: Instance, placement: Placement) -> Instance:
    """Move the stages of every secondary job.

    Parameters
    ----------
    placement
        ``given``: as in the instance; ``same``: the primary's device order; ``reversed``: that order
        backwards; ``rotated``: that order, begun in its middle; ``v``: that order forth and back, for jobs
        with twice as many stages.

    Raises
    ------
    InvalidOption
        The placement is unknown, or does not suit a job's number of stages.
    """
    if placement not in PLACEMENTS:
        raise InvalidOption(f"--placement: expected one of {', '.join(PLACEMENTS)}, got {placement!r}")
    if placement == "given":
        return instance
    order = device_order(placement, [stage.device for stage in instance.jobs[0].stages])
    jobs = [instance.jobs[0], *(_moved(job, order, placement) for job in instance.jobs[1:])]
    return Instance.model_validate(instance.model_copy(update={"jobs": tuple(jobs)}).to_document())


def device_order(placement: Placement, devices: Sequence[int]) -> Sequence[int]:
    """Return the devices in the order in which a secondary job visits them, from that of the primary."""
    return devices if placement == "given" else _ORDERS[placement](devices)


def distinct_placements(instance: Instance) -> dict[Placement, Instance]:
    """Return every placement that suits the instance, as placed; of equal ones only the first."""
    found: dict[Placement, Instance] = {}
    for placement in PLACEMENTS:
        try:
            moved = placed(instance, placement)
        except InvalidOption:
            continue
        if moved not in found.values():
            found[placement] = moved
    return found


def _moved(job: Job, order: Sequence[int], placement: Placement) -> Job:
    if len(job.stages) != len(order):
        problem = f"job {job.name!r} has {len(job.stages)} stages, expected {len(order)}"
        raise InvalidOption(f"--placement {placement}: {problem}")
    stages = tuple(
        stage.model_copy(update={"device": device}) for stage, device in zip(job.stages, order, strict=True)
    )
    return job.model_copy(update={"stages": stages})

"""Placements: on which devices the stages of the secondary jobs run."""

from typing import Literal, TypeAlias, get_args

from gapweave.models.errors import InvalidOption
from gapweave.models.instance import Instance

Placement: TypeAlias = Literal["given", "same", "reversed", "rotated"]
PLACEMENTS: tuple[Placement, ...] = get_args(Placement)


def placed(instance: Instance, placement: Placement) -> Instance:
    """Move the stages of every secondary job.

    Parameters
    ----------
    placement
        ``given``: as in the instance; ``same``: the primary's device order; ``reversed``: that order
        backwards; ``rotated``: that order, begun in its middle.

    Raises
    ------
    InvalidOption
        The placement is unknown, or a job has another number of stages than the primary.
    """
    if placement not in PLACEMENTS:
        raise InvalidOption(f"--placement: expected one of {', '.join(PLACEMENTS)}, got {placement!r}")
    if placement == "given":
        return instance
    devices = [stage.device for stage in instance.jobs[0].stages]
    half = len(devices) // 2
    order = {"same": devices, "reversed": devices[::-1], "rotated": devices[half:] + devices[:half]}[
        placement
    ]
    jobs = list(instance.jobs)
    for index, job in enumerate(jobs[1:], start=1):
        if len(job.stages) != len(order):
            raise InvalidOption(
                f"--placement {placement}: job {job.name!r} has {len(job.stages)} stages, "
                f"the primary has {len(order)}"
            )
        stages = tuple(
            stage.model_copy(update={"device": device})
            for stage, device in zip(job.stages, order, strict=True)
        )
        jobs[index] = job.model_copy(update={"stages": stages})
    return Instance.model_validate(instance.model_copy(update={"jobs": tuple(jobs)}).to_document())

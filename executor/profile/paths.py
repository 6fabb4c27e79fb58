"""On which devices the stages of measured jobs run."""

from collections.abc import Sequence
from itertools import cycle, islice

from gapweave.models.errors import InvalidOption
from gapweave.models.placement import Placement, device_order


def device_paths(stages: Sequence[int], devices: int | None, placement: Placement) -> list[list[int]]:
    """Return the device of each stage of each job.

    Stage s of a job is on the s-th device of the job's order, which begins again at its end: with fewer
    devices than stages, stages are interleaved. The order ``v`` goes forth and back, and is that of all jobs;
    any other placement is one of the secondary jobs.

    Parameters
    ----------
    stages
        How many each job has.
    devices
        None takes as many as the longest job has stages.

    Raises
    ------
    InvalidOption
        A device would have no stage, or nothing would go back.
    """
    most = max(stages)
    count = most if devices is None else devices
    if not 1 <= count <= most:
        raise InvalidOption(f"--devices: expected 1 to {most}, the most stages of a job, got {count}")
    if placement == "v" and count == most:
        raise InvalidOption(
            f"--placement v: expected a job with more stages than devices ({count}); --devices takes fewer"
        )
    primary = device_order("v" if placement == "v" else "same", range(count))
    secondary = device_order(placement, range(count))
    return [list(islice(cycle(secondary if job else primary), length)) for job, length in enumerate(stages)]

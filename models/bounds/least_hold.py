"""For how long a microbatch holds memory at least."""

from gapweave.models.instance import Job
from gapweave.models.task_arrays import B, F, W


def least_hold(job: Job, stage: int) -> dict[tuple[int, int], int]:
    """Return the least ticks from the start of one task of a microbatch to the end of another on a stage.

    Keys are pairs of kinds: (F, B), (F, W) and (B, W). Between F and B the microbatch goes to the last stage
    and back.
    """
    downstream = job.stages[stage:]
    lags = sum(job.forward_lags[stage:]) + sum(job.backward_lags[stage:])
    round_trip = sum(own.forward + own.backward for own in downstream) + lags
    weight = job.stages[stage].weight or 0
    return {
        (F, B): round_trip,
        (F, W): round_trip + weight,
        (B, W): job.stages[stage].backward + weight,
    }

"""What one step of a job costs a device in steady state: its work, and idle time between two steps.

On every stage, the next step begins only after the last one has ended. So between the last F of a step and
the first F of the next one on a device, the chain from there through stage 0 must pass, and the device has
only what is left of the step to do; memory limits how much that is.
"""

from gapweave.models.bounds.ramps import most_work, remainders, unfinished
from gapweave.models.instance import Instance, Job, Stage

#: Memory of a device without a limit.
_UNLIMITED = 2**62


def step_ramps(instance: Instance, job: int, device: int) -> int:
    """Return the least time between the beginnings of two steps of a job on one of its devices, in ticks.

    Let t3 be the start of the device's first F of a step, t1 of its first B and t2 of its last F, and let C
    be its free memory. From t3 to t1 only F of this step run, which claim at most C, and W and O of the step
    before; from t2 to the next t3 only B, W and O of what holds memory at t2. So with the least times
    ``head`` from t3 to t1, and ``gap`` from the end of the last F to the next t3, the device idles in each
    step for at least

        max(gap - Q, head - P + gap - Q),

    where P is the most work of forwards that C holds, and Q that of what follows them, with what is left
    for the next step. The second one needs t1 < t2: that all microbatches together need more than C.

    Raises
    ------
    ValueError
        The job has no stage on the device.
    """
    own = instance.jobs[job]
    numbers = [number for number, stage in enumerate(own.stages) if stage.device == device]
    if not numbers:
        raise ValueError("the job has no stage on this device")
    stages = [own.stages[number] for number in numbers]
    count, free = own.microbatch_count, _free_memory(instance, device)
    after = most_work(remainders((stage, count) for stage in stages), free)
    after += sum(stage.optimizer for stage in stages)
    idle = _gap(own, numbers[0], numbers[-1]) - after
    if sum(count * stage.memory.forward for stage in stages) > free:
        before = most_work(unfinished((stage, count) for stage in stages), free)
        idle = max(idle, idle + _head(own, numbers[0], numbers[-1]) - before)
    work = sum(count * stage.work + stage.optimizer for stage in stages)
    return work + max(0, idle)


def _free_memory(instance: Instance, device: int) -> int:
    capacity = instance.devices[device].memory_capacity
    free = _UNLIMITED if capacity is None else capacity - instance.resident_memory[device]
    if free < 0:
        raise ValueError("the device has no memory left")
    return free


def _head(job: Job, low: int, high: int) -> int:
    """Least time from the start of the first F, on stage ``low``, to that of a B on stage ``high``."""
    return (
        sum(stage.forward for stage in job.stages[low:])
        + sum(job.forward_lags[low:])
        + sum(stage.backward for stage in job.stages[high + 1 :])
        + sum(job.backward_lags[high:])
    )


def _gap(job: Job, low: int, high: int) -> int:
    """Least time from the end of the last F, on stage ``high``, to the next step's first F on ``low``."""
    forth = sum(stage.forward for stage in job.stages[high + 1 :]) + sum(job.forward_lags[high:])
    back = sum(stage.backward for stage in job.stages) + sum(job.backward_lags)
    again = sum(stage.forward for stage in job.stages[:low]) + sum(job.forward_lags[:low])
    return forth + back + _closing(job.stages[0]) + again


def _closing(stage: Stage) -> int:
    """Least time from the end of the last B of a step to the end of the step on a stage."""
    return (stage.weight or 0) + stage.optimizer

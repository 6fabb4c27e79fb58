"""The two parts that every instance here is made of: a row of devices, and a pipeline of equal stages."""

from collections.abc import Iterable

from gapweave.models.instance import Device, Job, Stage, StageMemory


def row_of_devices(count: int, capacity: int | None = None) -> tuple[Device, ...]:
    """Return ``count`` equal devices; ``capacity`` in units of memory, None is unlimited."""
    return tuple(Device(name=f"gpu{number}", memory_capacity=capacity) for number in range(count))


def equal_stages(
    name: str,
    devices: Iterable[int],
    microbatches: int,
    *,
    forward: int,
    backward: int,
    weight: int | None = None,
    memory: StageMemory | None = None,
    transfer: int = 0,
) -> Job:
    """Return a job whose stages all take the same time.

    Parameters
    ----------
    devices
        Device of each stage, first stage first.
    forward, backward, weight, transfer
        Ticks per microbatch; ``transfer`` on every edge, in both directions.
    memory
        What one microbatch claims and frees on each stage (default: nothing).
    """
    memory = memory or StageMemory()
    return Job(
        name=name,
        microbatches=microbatches,
        stages=tuple(
            Stage(device=device, forward=forward, backward=backward, weight=weight, memory=memory)
            for device in devices
        ),
        forward_transfer=transfer,
        backward_transfer=transfer,
    )

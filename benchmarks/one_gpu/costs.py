"""From measured durations to an instance: what tasks and messages of the jobs cost on their devices."""

from collections.abc import Mapping, Sequence
from statistics import median, quantiles
from typing import NamedTuple

import torch

from benchmarks.one_gpu.jobs import Size
from benchmarks.one_gpu.memory import capacity, memory_of
from gapweave.executor.runtime.stage_protocol import Stage as StageProtocol
from gapweave.executor.runtime.virtual_devices.interference import Measured, Placed, Subject, measure
from gapweave.executor.runtime.virtual_devices.late_checks import LateCheckedStage
from gapweave.executor.runtime.virtual_devices.streams import Mark, Stream
from gapweave.executor.training.job import TrainingJob
from gapweave.models.instance import Device, Instance, Job, Stage, StageMemory

_MESSAGES = 20


class Costs(NamedTuple):
    """What was measured.

    Attributes
    ----------
    tasks
        Durations by (job, stage, kind), in nanoseconds.
    messages
        Durations by job, in nanoseconds.
    memory
        By (job, stage), in MiB.
    capacity
        Of each virtual device, in MiB; None if it has no limit of its own.
    """

    tasks: Mapping[Subject, Measured]
    messages: tuple[int, ...]
    memory: Mapping[tuple[int, int], StageMemory]
    capacity: int | None

    def rows(self) -> list[list[object]]:
        """Return one row for the table per (job, kind): medians over the stages, and their spread."""
        rows: list[list[object]] = []
        for job, kind in sorted({(job, kind) for job, _, kind in self.tasks}):
            own = [found for (of, _, what), found in self.tasks.items() if (of, what) == (job, kind)]
            alone = median(median(one.alone) for one in own) / 1e6
            loaded = median(median(one.loaded) for one in own) / 1e6
            rows.append(
                [job, kind, round(alone, 3), round(loaded, 3), round(loaded / alone, 3), _spread(own)]
            )
        return rows


def _spread(found: Sequence[Measured]) -> float:
    """Return the largest (90th percentile / median) under load."""
    return round(max(quantiles(one.loaded, n=10)[-1] / median(one.loaded) for one in found), 3)


def device_of(job: int, stage: int, devices: int) -> int:
    """Return where a stage runs: the second job in the reverse order of the first."""
    return stage if job % 2 == 0 else devices - 1 - stage


def measure_costs(
    size: Size, jobs: Sequence[TrainingJob], device: torch.device, streams: Sequence[Stream]
) -> Costs:
    """Time all tasks and messages on stages that are used for nothing else."""
    stages: list[Placed] = []
    for number, job in enumerate(jobs):
        for stage in range(size.devices):
            place = device_of(number, stage, size.devices)
            with streams[place].active():
                count = size.jobs[number].microbatches
                runner = LateCheckedStage(job, number, size.devices, stage, device, microbatches=count)
            stages.append(Placed(number, stage, runner, place, split=False))
    memory = {
        (placed.job, placed.number): memory_of(placed.stage, streams[placed.device]) for placed in stages
    }
    microbatches = {number: one.microbatches for number, one in enumerate(size.jobs)}
    tasks = measure(stages, streams, microbatches)
    firsts = [placed.stage for placed in stages if placed.number == 0]
    messages = tuple(_message(stage, streams) for stage in firsts)
    return Costs(tasks, messages, memory, capacity(device, size.devices))


def _message(stage: StageProtocol, streams: Sequence[Stream]) -> int:
    """Return how long after the end of a task another device can begin: nothing is copied."""
    sender, taker = streams[0], streams[-1]
    with sender.active():
        tensors = [
            torch.zeros(tuple(one.shape), dtype=one.dtype, device=stage.device)
            for one in stage.output_signature
        ]
    times: list[tuple[Mark, Mark]] = []
    for _ in range(_MESSAGES):
        with sender.active():
            for tensor in tensors:
                tensor.add_(1)
        ready = sender.record()
        taker.wait(ready)
        times.append((ready, taker.record()))
        taker.synchronize()
    return round(median(end.since(ready) for ready, end in times))


def instance_of(size: Size, costs: Costs, *, loaded: bool = True) -> Instance:
    """Return the instance, in nanoseconds, with the medians under load (or alone)."""

    def cost(job: int, stage: int, kind: str) -> int:
        found = costs.tasks[job, stage, kind]
        return max(1, round(median(found.loaded if loaded else found.alone)))

    return Instance(
        name="one-gpu",
        description=f"two transformers on one GPU as {size.devices} virtual devices",
        source="benchmarks/gpu.py, medians of CUDA events" + (" under load" if loaded else ""),
        time_unit="ns",
        memory_unit="MiB",
        devices=tuple(
            Device(name=f"share{index}", memory_capacity=costs.capacity) for index in range(size.devices)
        ),
        jobs=tuple(
            Job(
                name=one.name,
                microbatches=one.microbatches,
                stages=tuple(
                    Stage(
                        device=device_of(number, stage, size.devices),
                        forward=cost(number, stage, "F"),
                        backward=cost(number, stage, "B"),
                        optimizer=cost(number, stage, "O"),
                        memory=costs.memory[number, stage],
                    )
                    for stage in range(size.devices)
                ),
                forward_transfer=costs.messages[number],
                backward_transfer=costs.messages[number],
            )
            for number, one in enumerate(size.jobs)
        ),
    )

"""How long the tasks of stages take on their virtual device: alone, and while all others work too."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from statistics import median
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from gapweave.executor.runtime.stage_protocol import Stage, TensorShape
from gapweave.executor.runtime.virtual_devices.streams import Mark, Stream

#: Microbatches of a step that is measured.
_MICROBATCHES = 3
#: Job, stage and kind of task.
Subject: TypeAlias = tuple[int, int, str]


class Measured(NamedTuple):
    """Durations of one kind of task of one stage, in nanoseconds."""

    alone: tuple[int, ...]
    loaded: tuple[int, ...]

    @property
    def interference(self) -> float:
        """How many times longer the median gets under load."""
        return median(self.loaded) / median(self.alone)


class Placed(NamedTuple):
    """A stage and the virtual device on which it runs."""

    job: int
    number: int
    stage: Stage
    device: int
    split: bool


class _Sample(NamedTuple):
    subject: Subject
    begin: Mark
    end: Mark


def measure(
    stages: Sequence[Placed],
    streams: Sequence[Stream],
    microbatches: Mapping[int, int],
    *,
    rounds: int = 4,
    warm_up: int = 2,
) -> dict[Subject, Measured]:
    """Time every kind of task of every stage in the arrangement in which it will run.

    The stages' parameters change: do not train with them afterwards.

    Parameters
    ----------
    microbatches
        Of each job: the data of these microbatches is what the stages see.
    rounds
        Steps of a few microbatches each, in each of both arrangements.
    warm_up
        Rounds before, which are not counted.
    """
    for _ in range(warm_up):
        _alone(stages, streams, microbatches, 1)
    alone = _durations(_alone(stages, streams, microbatches, rounds), streams)
    _durations(_loaded(stages, streams, microbatches, warm_up), streams)
    loaded = _durations(_loaded(stages, streams, microbatches, rounds), streams)
    return {subject: Measured(tuple(alone[subject]), tuple(loaded[subject])) for subject in alone}


def _alone(
    stages: Sequence[Placed], streams: Sequence[Stream], microbatches: Mapping[int, int], rounds: int
) -> list[_Sample]:
    samples: list[_Sample] = []
    for placed in stages:
        for perform in _tasks(placed, streams[placed.device], microbatches[placed.job], rounds, samples):
            perform()
        streams[placed.device].synchronize()
    return samples


def _loaded(
    stages: Sequence[Placed], streams: Sequence[Stream], microbatches: Mapping[int, int], rounds: int
) -> list[_Sample]:
    """Issue one task to each device in turn, so that all are busy."""
    samples: list[_Sample] = []
    queues = [[placed for placed in stages if placed.device == device] for device in range(len(streams))]
    tasks = [
        [
            perform
            for placed in queue
            for perform in _tasks(placed, streams[device], microbatches[placed.job], rounds, samples)
        ]
        for device, queue in enumerate(queues)
    ]
    for position in range(max(map(len, tasks), default=0)):
        for queue in tasks:
            if position < len(queue):
                queue[position]()
    return samples


def _tasks(
    placed: Placed, stream: Stream, microbatches: int, rounds: int, samples: list[_Sample]
) -> Iterator[Callable[[], None]]:
    """Return the tasks of one stage as callables: steps of some microbatches, then the optimizer."""
    job, number, stage, _, split = placed
    inputs, gradients = _messages(stage, stream)

    def timed(kind: str, work: Callable[[], object]) -> Callable[[], None]:
        def perform() -> None:
            with stream.active():
                begin = stream.record()
                work()
                samples.append(_Sample((job, number, kind), begin, stream.record()))

        return perform

    for step in range(rounds):
        for microbatch in range(min(_MICROBATCHES, microbatches)):
            yield timed("F", partial(stage.forward, step, microbatch, inputs))
            yield timed("B", partial(stage.backward, step, microbatch, gradients, split))
            if split:
                yield timed("W", partial(stage.weight, step, microbatch))
        yield timed("O", partial(stage.optimizer_step, step, None))


def _messages(stage: Stage, stream: Stream) -> tuple[list[Tensor] | None, list[Tensor] | None]:
    """Return inputs and output gradients of the stage's shapes, None where the stage takes none."""
    with stream.active():
        inputs = [_random(one, stage.device, 1.0) for one in stage.input_signature]
        gradients = [_random(one, stage.device, 1e-4) for one in stage.output_signature]
    return inputs or None, gradients or None


def _random(shape: TensorShape, device: torch.device, scale: float) -> Tensor:
    return torch.randn(tuple(shape.shape), device=device).mul_(scale).to(shape.dtype)


def _durations(samples: Sequence[_Sample], streams: Sequence[Stream]) -> dict[Subject, list[int]]:
    for stream in streams:
        stream.synchronize()
    found: dict[Subject, list[int]] = {}
    for subject, begin, end in samples:
        found.setdefault(subject, []).append(end.since(begin))
    return found

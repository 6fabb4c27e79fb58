"""Streams on a simulated clock, and stages whose tasks take their planned time on them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from gapweave.models.schedule import Schedule


@dataclass(frozen=True)
class SimulatedMark:
    time: int

    def since(self, origin: "SimulatedMark") -> int:
        return self.time - origin.time

    def is_reached(self) -> bool:
        return True


class SimulatedStream:
    """A stream that is free again at ``time``."""

    def __init__(self) -> None:
        self.time = 0
        self.held: list[Tensor] = []

    @contextmanager
    def active(self) -> Iterator[None]:
        yield

    def record(self) -> SimulatedMark:
        return SimulatedMark(self.time)

    def wait(self, mark: SimulatedMark) -> None:
        self.time = max(self.time, mark.time)

    def wait_for_default(self) -> None:
        """Nothing to do."""

    def hold(self, tensors: Iterable[Tensor]) -> None:
        self.held += tensors

    def synchronize(self) -> None:
        """Nothing to do."""


class SimulatedStage:
    """A stage of a schedule: its tasks move the clock of their stream on by their planned durations."""

    device = torch.device("cpu")

    def __init__(self, schedule: Schedule, job: int, stage: int, stream: SimulatedStream) -> None:
        planned = schedule.instance.jobs[job].stages
        self._costs, self._stream = planned[stage], stream
        self.input_signature = [torch.zeros(1)] if stage else []
        self.output_signature = [torch.zeros(1)] if stage + 1 < len(planned) else []

    def forward(self, step: int, microbatch: int | None, inputs: object) -> list[Tensor]:
        self._stream.time += self._costs.forward
        return self.output_signature

    def backward(self, step: int, microbatch: int | None, gradients: object, split: bool) -> list[Tensor]:
        self._stream.time += self._costs.backward
        return self.input_signature

    def weight(self, step: int, microbatch: int | None) -> None:
        self._stream.time += self._costs.weight or 0

    def squared_norm(self) -> Tensor:
        return torch.zeros(())

    def optimizer_step(self, step: int, clip_factor: Tensor | None) -> None:
        self._stream.time += self._costs.optimizer

"""Measuring one stage: its tasks are run again and again as a replay runs them."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count

import torch
from torch import Tensor

from gapweave.executor.profile.costs import Kind, StageCosts
from gapweave.executor.profile.saved_memory import KeptStorages, resident_bytes, tensors_in
from gapweave.executor.training.signature import Shape
from gapweave.executor.training.stage import StageRunner
from gapweave.models.instance import StageMemory

#: Rounds before the first that counts.
_WARM_UP = 3


class StageProfile:
    """One stage under measurement, with random inputs and gradients of the right shapes.

    Parameters
    ----------
    split
        Whether B and W are measured apart.
    """

    def __init__(self, runner: StageRunner, *, split: bool) -> None:
        self.runner = runner
        self.split = split
        generator = torch.Generator().manual_seed(0)
        device = runner.device
        inputs = _random(runner.input_signature, generator, device)
        self._inputs = inputs or None
        self._gradients = _random(runner.output_signature, generator, device) or None
        self._steps = count()
        self._samples: dict[Kind, list[int]] = {kind: [] for kind in self._kinds()}

    def _kinds(self) -> tuple[Kind, ...]:
        return ("F", "B", "W", "O") if self.split else ("F", "B", "O")

    def measure(self, repeats: int) -> StageCosts:
        """Run every task ``repeats`` times after a warm-up."""
        for _ in range(_WARM_UP):
            self._round()
        memory = self._memory()
        self._samples = {kind: [] for kind in self._kinds()}
        for _ in range(repeats):
            self._round()
        samples = {kind: tuple(own) for kind, own in self._samples.items()}
        return StageCosts(
            samples, memory, _bytes(self.runner.output_signature), _bytes(self.runner.input_signature)
        )

    def keep_busy(self, wanted: Callable[[], bool]) -> None:
        """Run on, unmeasured, while others are measured."""
        while wanted():
            self._round()

    def _round(self) -> None:
        """One step with one microbatch."""
        runner, step = self.runner, next(self._steps)
        self._timed("F", lambda: runner.forward(step, 0, self._inputs))
        self._timed("B", lambda: runner.backward(step, 0, self._gradients, self.split))
        if self.split:
            self._timed("W", lambda: runner.weight(step, 0))
        self._timed("O", lambda: runner.optimizer_step(step))
        runner.losses(step)

    def _timed(self, kind: Kind, task: Callable[[], object]) -> None:
        self._synchronise()
        begin = time.perf_counter_ns()
        task()
        self._synchronise()
        self._samples[kind].append(time.perf_counter_ns() - begin)

    def _synchronise(self) -> None:
        if self.runner.device.type == "cuda":
            torch.cuda.synchronize(self.runner.device)

    def _memory(self) -> StageMemory:
        levels = self._levels_on_gpu() if self.runner.device.type == "cuda" else self._levels_on_cpu()
        after_forward, after_backward, *_ = levels
        resident = resident_bytes(self.runner.module, self.runner.optimizer)
        return StageMemory(
            resident=resident,
            forward=after_forward,
            backward=after_backward - after_forward,
            weight=-after_backward if self.split else 0,
        )

    def _levels_on_cpu(self) -> tuple[int, int]:
        """Return the bytes that a microbatch keeps after F, and after B (0 unless split)."""
        runner, step = self.runner, next(self._steps)
        kept = KeptStorages((*runner.module.parameters(), *runner.module.buffers()))
        inputs = None if self._inputs is None else tuple(tensor.clone() for tensor in self._inputs)
        with kept.of_autograd():
            outputs = runner.forward(step, 0, inputs)
        kept.add((*(inputs or ()), *outputs))
        after_forward = kept.total
        gradients = None if self._gradients is None else tuple(t.clone() for t in self._gradients)
        runner.backward(step, 0, gradients, self.split)
        if self.split:
            kept.add(tensors_in(runner.deferred(step, 0)))
            runner.weight(step, 0)
        runner.optimizer_step(step)
        runner.losses(step)
        return after_forward, kept.total if self.split else 0

    def _levels_on_gpu(self) -> tuple[int, int]:
        """Return the same by what the allocator gave out."""
        runner, step = self.runner, next(self._steps)
        before = torch.cuda.memory_allocated(runner.device)
        runner.forward(step, 0, self._inputs)
        after_forward = max(0, torch.cuda.memory_allocated(runner.device) - before)
        runner.backward(step, 0, self._gradients, self.split)
        after_backward = max(0, torch.cuda.memory_allocated(runner.device) - before)
        if self.split:
            runner.weight(step, 0)
        runner.optimizer_step(step)
        runner.losses(step)
        return after_forward, after_backward if self.split else 0


def _random(
    signature: Sequence[Shape], generator: torch.Generator, device: torch.device
) -> tuple[Tensor, ...]:
    return tuple(_draws(signature, generator, device))


def _draws(signature: Sequence[Shape], generator: torch.Generator, device: torch.device) -> Iterator[Tensor]:
    for shape, dtype in signature:
        yield torch.randn(shape, generator=generator).to(dtype).mul_(0.1).to(device)


def _bytes(signature: Sequence[Shape]) -> int:
    return sum(shape.numel() * dtype.itemsize for shape, dtype in signature)

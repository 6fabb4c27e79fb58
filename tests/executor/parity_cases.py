"""Pairs of a schedule and tiny training jobs, on which running together is compared with training alone."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any, NamedTuple

import torch
from random_orders import random_order
from schedule_factory import build_schedule, make_instance, ordered_schedule
from torch import Tensor, nn

from gapweave.executor.training.job import TrainingJob
from gapweave.models.schedule import Schedule
from gapweave.models.task import Task

BATCH = 2
STEPS = 5
ORDERS = ("1f1b", "gpipe", "interleaved", "random")


class Case(NamedTuple):
    """One combination: devices, the placement of each job, and the order of the tasks.

    Attributes
    ----------
    split, barrier
        Whether the backward passes of each job are split, and its gradients clipped by their norm.
    """

    ranks: int
    placements: tuple[str, ...]
    split: tuple[bool, ...]
    barrier: tuple[bool, ...]
    order: str
    seed: int = 0

    def __str__(self) -> str:
        jobs = (
            f"{placement}{'-split' * split}{'-clipped' * barrier}"
            for placement, split, barrier in zip(self.placements, self.split, self.barrier, strict=True)
        )
        return f"{self.ranks}-{'+'.join(jobs)}-{self.order}{self.seed}"

    @property
    def schedule(self) -> Schedule:
        """A schedule of this combination."""
        numbers = range(len(self.placements))
        instance = make_instance(*(self._job(number) for number in numbers), devices=self.ranks)
        if self.order == "random":
            return ordered_schedule(instance, random_order(instance, Random(self.seed)))
        if self.order == "interleaved":
            return build_schedule(instance, "1f1b", offsets=tuple(numbers))
        return build_schedule(instance, self.order)  # type: ignore[arg-type]

    @property
    def jobs(self) -> list[TrainingJob]:
        """The training jobs of this combination."""
        return [
            training_job(len(devices_of(placement, self.ranks)), number, barrier)
            for number, (placement, barrier) in enumerate(zip(self.placements, self.barrier, strict=True))
        ]

    def _job(self, number: int) -> dict[str, Any]:
        weight = {"weight": 1} if self.split[number] else {}
        devices = devices_of(self.placements[number], self.ranks)
        return {
            "microbatches": 3 + number,
            "optimizer_barrier": self.barrier[number],
            "stages": [{"device": device, "forward": 1, "backward": 2} | weight for device in devices],
        }


def devices_of(placement: str, ranks: int) -> list[int]:
    """The device of each stage."""
    same = list(range(ranks))
    return {
        "same": same,
        "reversed": same[::-1],
        "rotated": same[1:] + same[:1],
        "v": same + same[::-1],
        "interleaved": same + same,
        "one": same[:1] * 2,
    }[placement]


def training_job(stages: int, number: int, clipped: bool) -> TrainingJob:
    """A tiny network with dropout; every job has a width, a learning rate and a seed of its own."""
    width = 6 + 2 * number
    return TrainingJob(
        stages=[partial(small_stage, width) for _ in range(stages)],
        loss=nn.functional.mse_loss,
        optimizer=partial(torch.optim.AdamW, lr=0.01 * (number + 1)),
        microbatch=partial(_microbatch, width, number),
        seed=number,
        clip_norm=0.05 if clipped else None,
    )


#: What one of four stages may hand on of what it was given.
HANDED_ON: dict[str, Callable[..., Any]] = {
    "input": lambda stage, *inputs: inputs,
    "bias": lambda stage, x: x + stage.layer.bias,
    "parameter": lambda stage, x: x + stage.free,
    "skip": lambda stage, x: (x, stage.layer(x).tanh()),
    "parts": lambda stage, x: (x[:1], x[1:]),
}


def handing_on(what: str, where: int) -> list[TrainingJob]:
    """One job of four stages, one of which hands on tensors or gradients that it was given."""
    stages = [
        partial(small_stage, 6),
        partial(_Called, lambda stage, *inputs: tuple(map(stage.layer, inputs))),
        partial(_Called, lambda stage, *inputs: tuple(map(stage.layer, inputs))),
        partial(_Called, lambda stage, *inputs: torch.cat([*map(stage.layer, inputs)])[:BATCH]),
    ]
    stages[where] = partial(_Called, HANDED_ON[what])
    return [replace(training_job(4, 0, False), stages=stages)]


def handing_on_schedule(devices: Sequence[int], late: int, split: bool) -> Schedule:
    """One job of four stages and six microbatches, one after the other but for W of one late stage."""
    weight = {"weight": 1} if split else {}
    stages = [{"device": device, "forward": 1, "backward": 1} | weight for device in devices]
    instance = make_instance({"microbatches": 6, "stages": stages}, devices=2)
    order = []
    for index in range(6):
        order += [Task(0, 0, "F", stage, index) for stage in range(4)]
        order += [Task(0, 0, kind, stage, index) for stage in (3, 2, 1, 0) for kind in "BW"]
    order.sort(key=lambda task: task.kind == "W" and task.stage == late)
    return ordered_schedule(instance, [task for task in order if split or task.kind != "W"])


class _Called(nn.Module):
    """A layer, a free parameter, and a function of both and of the inputs."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 6)
        self.free = nn.Parameter(torch.linspace(-1, 1, 6 * BATCH).reshape(BATCH, 6))
        self.function = function

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(self, *inputs)


def small_stage(width: int) -> nn.Module:
    return nn.Sequential(
        nn.Linear(width, 2 * width),
        nn.GELU(),
        nn.Dropout(0.2),
        nn.Linear(2 * width, width),
        nn.LayerNorm(width),
    )


def _microbatch(width: int, job: int, step: int, index: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1000 * job + 100 * step + index)
    inputs = torch.randn(BATCH, width, generator=generator)
    return inputs, inputs.flip(1)


def combinations() -> Sequence[Case]:
    """What is compared in one process: every placement, and everything else in turn."""
    pairs = [
        ("same", "same"),
        ("same", "reversed"),
        ("same", "rotated"),
        ("same", "v"),
        ("same", "interleaved"),
    ]
    groups = [("same",), ("v",), *pairs, ("same", "reversed", "rotated"), ("v", "reversed", "one")]
    cases = []
    for ranks in (2, 4):
        for number, placements in enumerate(groups):
            for turn, order in enumerate(("random", "random", ORDERS[number % 3])):
                jobs = range(len(placements))
                split = tuple((number + job + turn) % 2 == 0 for job in jobs)
                barrier = tuple((number + job + turn) % 3 == 0 for job in jobs)
                cases.append(Case(ranks, placements, split, barrier, order, seed=turn))
    return cases


def combinations_on_processes(ranks: int) -> Sequence[Case]:
    """What is compared on processes as well: random orders of the hardest combinations."""
    no, yes = False, True
    return [
        Case(ranks, ("same", "reversed"), (no, no), (no, no), "random", 3),
        Case(ranks, ("same", "rotated"), (yes, no), (no, yes), "random", 4),
        Case(ranks, ("v", "reversed", "one"), (yes, yes, no), (yes, no, yes), "random", 5),
        Case(ranks, ("interleaved", "same"), (no, yes), (yes, yes), "interleaved"),
    ]

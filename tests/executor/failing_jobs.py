"""Training jobs that go wrong on purpose, for `gapweave run --jobs`."""

import os
import signal
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gapweave.executor.training.job import TrainingJob
from gapweave.models.schedule import Schedule

WIDTH = 4


class Trouble(nn.Module):
    """A layer that hangs, or raises, in some step."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.linear = nn.Linear(WIDTH, WIDTH)
        self.kind = kind
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        if self.kind and self.calls > 6:
            if self.kind == "hang":
                time.sleep(600)
            if self.kind == "raise":
                raise ValueError("this stage is broken")
            if self.kind == "exit":
                print("a stage leaves")
                sys.exit(5)
            if self.kind == "nan":
                return self.linear(x) * torch.nan
        return torch.tanh(self.linear(x))


def microbatch(job: int, step: int, index: int) -> tuple[Tensor, Tensor]:
    inputs = torch.randn(2, WIDTH, generator=torch.Generator().manual_seed(100 * job + 10 * step + index))
    return inputs, inputs.flip(1)


class Hanging(torch.optim.SGD):
    """An optimizer that never ends its third step."""

    def step(self, *arguments: Any) -> Any:
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls == 3:
            time.sleep(600)
        return super().step(*arguments)


class Dying(torch.optim.SGD):
    """An optimizer that ends the process of rank 0 in its third step, as the system does without memory."""

    def step(self, *arguments: Any) -> Any:
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls == 3 and sys.argv[-1] == "0":
            time.sleep(0.5)  # the other ranks go on to what all do together
            os.kill(os.getpid(), signal.SIGKILL)
        return super().step(*arguments)


def ragged(job: int, step: int, index: int) -> tuple[Tensor, Tensor]:
    """Data that have more sequences from the third step on."""
    inputs, target = microbatch(job, step, index)
    return (torch.cat((inputs, inputs)), torch.cat((target, target))) if step > 1 else (inputs, target)


def jobs_with(kind: str, schedule: Schedule) -> list[TrainingJob]:
    """The last stage of the last job is the one in trouble, or its data are."""
    jobs = []
    for number, planned in enumerate(schedule.instance.jobs):
        count = len(planned.stages)
        is_last = number == len(schedule.instance.jobs) - 1
        bad = count - 1 if is_last and kind != "ragged" else -1
        jobs.append(
            TrainingJob(
                stages=[partial(Trouble, kind if stage == bad else "") for stage in range(count)],
                loss=nn.functional.mse_loss,
                optimizer=partial(torch.optim.AdamW, lr=0.01),
                microbatch=partial(ragged if is_last and kind == "ragged" else microbatch, number),
                seed=number,
            )
        )
    return jobs


def hanging_optimizer(schedule: Schedule) -> list[TrainingJob]:
    """What hangs is the last task of its device, so that no rank waits for it."""
    return [replace(job, optimizer=partial(Hanging, lr=0.01)) for job in jobs_with("", schedule)]


def dying_optimizer(schedule: Schedule) -> list[TrainingJob]:
    """A rank dies after it has sent all its messages."""
    *others, last = jobs_with("", schedule)
    return [*others, replace(last, optimizer=partial(Dying, lr=0.01))]


def forking(schedule: Schedule) -> list[TrainingJob]:
    """The first microbatch starts a process, as data loaders do, and writes its number into ``$FORKED``."""

    def forked(job: TrainingJob, step: int, index: int) -> tuple[Tensor, Tensor]:
        if (step, index) == (0, 0):
            child = os.fork()
            if not child:
                time.sleep(600)
                os._exit(0)
            Path(os.environ["FORKED"]).write_text(f"{child}\n")
        return job.microbatch(step, index)

    return [replace(job, microbatch=partial(forked, job)) for job in jobs_with("", schedule)]


hang = partial(jobs_with, "hang")
broken = partial(jobs_with, "raise")
leaving = partial(jobs_with, "exit")
nan = partial(jobs_with, "nan")
ragged_data = partial(jobs_with, "ragged")
fine = partial(jobs_with, "")
FILE = Path(__file__)

"""Trains two models at once by a solved schedule on CPU processes, and draws what happened.

Two byte-level transformers with different learning rates, four stages each, train for 200 steps on four gloo
processes. A machine with fewer cores than processes cannot carry out four devices at once, so every pass is
held until it has taken the time that the instance gives it: real training, with waiting in place of most of
the arithmetic. The pictures of docs/measured.md are written beside this file.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import torch
from torch import Tensor, nn

from gapweave import Instance, Schedule, solve
from gapweave.executor.measured.comparison import RunComparison
from gapweave.executor.measured.read_trace import read_measured
from gapweave.executor.ready_made.jobs import ready_made_jobs
from gapweave.executor.training.job import StageSource, TrainingJob
from gapweave.models.instance import Job, Stage
from gapweave.reports.loss_curves import write_losses
from gapweave.reports.losses_file import read_losses
from gapweave.reports.measured_page import draw_measured

FOLDER = Path(__file__).parent
STEPS, STAGES, MICROBATCHES = 200, 4, 4
#: Time of a forward pass of each job, in microseconds; a backward pass takes twice as long.
FORWARD = {"fast learner": 24_000, "slow learner": 16_000}
MODELS = tuple(f"transformer:width=64,sequence=64,batch=4,learning_rate={rate}" for rate in (3e-3, 3e-4))


def main() -> None:
    """Solve, run and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        schedule = solve(instance(), time_limit=20)
        train(schedule, Path(work), arguments.steps)
        draw(schedule, Path(work), arguments.folder)


def instance() -> Instance:
    """Return two jobs whose stages lie on the devices in opposite order."""
    jobs = [
        Job(
            name=name,
            microbatches=MICROBATCHES,
            stages=tuple(
                Stage(device=device, forward=forward, backward=2 * forward, optimizer=2000)
                for device in order
            ),
            forward_transfer=500,
            backward_transfer=500,
        )
        for (name, forward), order in zip(
            FORWARD.items(), (range(STAGES), reversed(range(STAGES))), strict=True
        )
    ]
    return Instance.from_document(
        {
            "format": "gapweave.instance/1",
            "name": "two-learners",
            "time_unit": "us",
            "devices": [{"name": f"cpu{device}"} for device in range(STAGES)],
            "jobs": [job.model_dump() for job in jobs],
        }
    )


def train(schedule: Schedule, work: Path, steps: int) -> None:
    """Run the schedule as anybody would, with the jobs of this file."""
    schedule.save(work / "schedule.json")
    gapweave(
        *("run", work / "schedule.json", "--jobs", f"{Path(__file__).resolve()}:jobs", "--steps", steps),
        *("--backend", "gloo", "--trace", work / "trace.json", "--losses", work / "losses.csv"),
    )
    gapweave("show", work / "schedule.json", "--measured", work / "trace.json", "--width", 100)


def gapweave(*words: object) -> None:
    """Run a command."""
    subprocess.run([sys.executable, "-m", "gapweave", *map(str, words)], check=True)


def draw(schedule: Schedule, work: Path, folder: Path) -> None:
    """Write the pictures."""
    run = RunComparison.of(schedule, read_measured(work / "trace.json", schedule).events)
    curves = read_losses(work / "losses.csv")
    title = f"Two transformers trained at once, {STAGES} stages each"
    for theme, suffix in (("light", ""), ("dark", "-dark")):
        draw_measured(run, folder / f"measured-run{suffix}.svg", theme=theme)  # type: ignore[arg-type]
        write_losses(folder / f"loss-curves{suffix}.svg", curves, title=title, theme=theme)  # type: ignore[arg-type]


def jobs(schedule: Schedule) -> list[TrainingJob]:
    """Return a ready-made transformer for each job, every pass of which takes its planned time."""
    made = ready_made_jobs(schedule, MODELS)
    return [
        replace(job, stages=[partial(held, source, stage) for source, stage in _stages(job, planned)])
        for job, planned in zip(made, schedule.instance.jobs, strict=True)
    ]


def held(source: StageSource, stage: Stage) -> nn.Module:
    """Build a stage that holds every pass until its planned time has passed."""
    return Held(source if isinstance(source, nn.Module) else source(), stage)


def _stages(job: TrainingJob, planned: Job) -> Iterator[tuple[StageSource, Stage]]:
    return zip(job.stages, planned.stages, strict=True)


class Held(nn.Module):
    """A stage whose passes take as long as planned, or longer if the machine is slower than that."""

    def __init__(self, inner: nn.Module, stage: Stage) -> None:
        super().__init__()
        self.inner = inner
        self._forward, self._backward = stage.forward / 1e6, stage.backward / 1e6
        self.until = 0.0
        embedding = next((part for part in inner.modules() if isinstance(part, nn.Embedding)), None)
        if embedding is not None:  # the first stage gets bytes, which have no gradient
            embedding.register_forward_hook(lambda module, inputs, output: _End.apply(output, self))

    def forward(self, inputs: Tensor) -> Tensor:
        """Compute, then wait."""
        end = perf_counter() + self._forward
        outputs: Tensor = self.inner(_End.apply(inputs, self) if inputs.requires_grad else inputs)
        outputs = _Begin.apply(outputs, self)
        wait_until(end)
        return outputs

    def begin_backward(self) -> None:
        """Note when the pass that begins has to end."""
        self.until = perf_counter() + self._backward


class _Begin(torch.autograd.Function):
    """Does nothing, at the end of a forward pass and at the beginning of its backward pass."""

    @staticmethod
    def forward(context: Any, tensor: Tensor, stage: Held) -> Tensor:
        context.stage = stage
        return tensor.view_as(tensor)

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Any:
        context.stage.begin_backward()
        return gradients[0], None


class _End(torch.autograd.Function):
    """Does nothing at the beginning of a forward pass, and waits at the end of its backward pass."""

    @staticmethod
    def forward(context: Any, tensor: Tensor, stage: Held) -> Tensor:
        context.stage = stage
        return tensor.view_as(tensor)

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Any:
        wait_until(context.stage.until)
        return gradients[0], None


def wait_until(end: float) -> None:
    """Sleep until a time of the performance counter; a time that has passed costs nothing."""
    sleep(max(0.0, end - perf_counter()))


if __name__ == "__main__":
    main()

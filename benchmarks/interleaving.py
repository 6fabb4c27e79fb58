"""Whether interleaving two jobs pays in measured time as much as planned: against one after the other.

Two jobs of four stages train on four gloo processes, by the solved schedule and each alone under 1F1B. With
fewer cores than processes four devices cannot compute at once, so the stages mostly wait: each is a small
linear layer whose forward, backward and weight passes sleep for a fixed time, which occupies its device and
no core. What a pass takes with its sleep, and what a message takes, is measured first and is what the plan is
made of. Every optimizer waits for all gradients, so a step ends on all devices before the next one begins.

Run from the top of the repository: ``python -m benchmarks.interleaving``.
"""

import argparse
import os
import platform
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import sleep
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from benchmarks.json_lines import RESULTS, append_line, read_lines
from benchmarks.markdown import percent, table
from gapweave import Instance, Schedule, run, solve
from gapweave.executor.profile.costs import StageCosts
from gapweave.executor.profile.stage_profile import StageProfile
from gapweave.executor.profile.transfers import one_way_nanoseconds
from gapweave.executor.training.job import TrainingJob
from gapweave.executor.training.stage import StageRunner
from gapweave.models.instance import Device, Job, Stage
from gapweave.models.schedule import SolverRecord
from gapweave.solver.heuristics import heuristic
from gapweave.solver.problem import Problem
from gapweave.solver.timetable import make_schedule

STAGES, WIDTH, BATCH = 4, 16, 2
STEPS, SAMPLES = 6, 5
OUTPUT = RESULTS / "interleaving.jsonl"


class Wait(NamedTuple):
    """Seconds that the passes of a job sleep; without ``weight`` its backward is not split."""

    forward: float
    backward: float
    weight: float | None = None


#: By the job's name, which is all that a process has when it makes its stages.
WAITS = {
    "large": Wait(0.030, 0.060),
    "small": Wait(0.020, 0.040),
    "large-split": Wait(0.030, 0.030, 0.030),
    "small-split": Wait(0.020, 0.020, 0.020),
}


class Pair(NamedTuple):
    """Two jobs, their microbatches, and whether the second runs from the last device to the first."""

    jobs: tuple[str, str]
    microbatches: tuple[int, int]
    is_reversed: bool

    def __str__(self) -> str:
        order = "opposite orders" if self.is_reversed else "same order"
        split = ", split backward" if "split" in self.jobs[0] else ""
        return f"{self.microbatches[0]} + {self.microbatches[1]} microbatches, {order}{split}"


PAIRS = (
    Pair(("large", "small"), (8, 6), False),
    Pair(("large", "small"), (4, 6), True),
    Pair(("large-split", "small-split"), (4, 6), True),
)


class Sleep(torch.autograd.Function):
    """Hands its tensor on, and sleeps: now, and when the gradient comes back."""

    @staticmethod
    def forward(context: Any, tensor: Tensor, forward: float, backward: float) -> Tensor:
        context.backward_seconds = backward
        sleep(forward)
        return tensor.clone()

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Any:
        sleep(context.backward_seconds)
        return gradients[0], None, None


class WaitingStage(nn.Module):
    """A linear layer whose passes sleep; the weight's own sleep ends before its gradient is there."""

    def __init__(self, wait: Wait) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(WIDTH) + 0.1 * torch.randn(WIDTH, WIDTH))
        self._wait = wait

    def forward(self, inputs: Tensor) -> Tensor:
        """Compute, shape (BATCH, WIDTH) to the same."""
        weight = self.weight
        if self._wait.weight is not None:
            weight = Sleep.apply(weight, 0.0, self._wait.weight)  # type: ignore[no-untyped-call]
        outputs = nn.functional.linear(inputs, weight)
        slept: Tensor = Sleep.apply(outputs, self._wait.forward, self._wait.backward)  # type: ignore[no-untyped-call]
        return slept


def jobs(schedule: Schedule) -> list[TrainingJob]:
    """Return the training jobs of a schedule, by the names of its jobs."""
    return [training_job(job.name) for job in schedule.instance.jobs]


def training_job(name: str) -> TrainingJob:
    return TrainingJob(
        stages=[partial(WaitingStage, WAITS[name])] * STAGES,
        loss=nn.functional.mse_loss,
        optimizer=_sgd,
        microbatch=_microbatch,
    )


def _sgd(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.01)


def _microbatch(step: int, index: int) -> tuple[Tensor, Tensor]:
    """Inputs need a gradient, so that the first stage's backward can be split like that of any other."""
    inputs = torch.randn(BATCH, WIDTH, generator=torch.Generator().manual_seed(100 * step + index))
    return inputs.requires_grad_(), inputs.detach().flip(1)


def measured_costs(name: str) -> StageCosts:
    """Measure a stage in the middle of a job; all are alike."""
    runner = StageRunner(training_job(name), 0, STAGES, 1, torch.device("cpu"), microbatches=1)
    return StageProfile(runner, split=WAITS[name].weight is not None).measure(SAMPLES)


def instance_of(pair: Pair, costs: dict[str, StageCosts], transfer: int) -> Instance:
    """Return the pair as an instance in microseconds, made of what was measured."""
    orders = (range(STAGES), range(STAGES)[:: -1 if pair.is_reversed else 1])
    return Instance(
        name=str(pair),
        time_unit="us",
        devices=tuple(Device(name=f"cpu{number}") for number in range(STAGES)),
        jobs=tuple(
            Job(
                name=name,
                microbatches=count,
                stages=tuple(_stage(costs[name], device) for device in order),
                optimizer_barrier=True,
                forward_transfer=transfer,
                backward_transfer=transfer,
            )
            for name, count, order in zip(pair.jobs, pair.microbatches, orders, strict=True)
        ),
    )


def _stage(costs: StageCosts, device: int) -> Stage:
    ticks = {kind: max(1, round(costs.typical(kind) / 1000)) for kind in costs.nanoseconds}
    return Stage(
        device=device,
        forward=ticks["F"],
        backward=ticks["B"],
        weight=ticks.get("W"),
        optimizer=ticks["O"],
    )


def one_f_one_b(instance: Instance, job: int) -> Schedule:
    """Return the schedule of one job alone under 1F1B."""
    problem = Problem(instance.with_jobs(job))
    return make_schedule(problem, heuristic("1f1b").plan(problem.arrays).starts, SolverRecord(name="1f1b"))


def measured_seconds(schedule: Schedule) -> float:
    """Return the median makespan of the steps after the first, on processes."""
    result = run(schedule, f"{Path(__file__).resolve()}:jobs", steps=STEPS, backend="gloo", record_all=True)
    _, *others = result.makespans().values()
    return median(others) / 1e9


def compared(pair: Pair, costs: dict[str, StageCosts], transfer: int) -> dict[str, Any]:
    """Solve, run together and in turn, and compare."""
    instance = instance_of(pair, costs, transfer)
    together = solve(instance, time_limit=10)
    in_turn = [one_f_one_b(instance, job) for job in range(len(instance.jobs))]
    planned = together.makespan / 1e6, sum(schedule.makespan for schedule in in_turn) / 1e6
    measured = measured_seconds(together), sum(map(measured_seconds, in_turn))
    predicted_ratio, measured_ratio = planned[1] / planned[0], measured[1] / measured[0]
    return {
        "pair": str(pair),
        "status": together.status,
        "planned_together": planned[0],
        "planned_in_turn": planned[1],
        "measured_together": round(measured[0], 6),
        "measured_in_turn": round(measured[1], 6),
        "predicted_ratio": round(predicted_ratio, 4),
        "measured_ratio": round(measured_ratio, 4),
        "deviation": round(measured_ratio / predicted_ratio - 1, 4),
    }


def machine() -> dict[str, Any]:
    """What it ran on."""
    return {
        "torch": torch.__version__,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": round(os.getloadavg()[0], 2),
    }


def report(lines: Sequence[dict[str, Any]]) -> list[str]:
    """Return the table for docs/run.md; times are planned / measured."""
    columns = ("", "together, s", "in turn, s", "planned gain", "measured gain", "deviation")
    rows = [
        (
            line["pair"],
            f"{line['planned_together']:.3f} / {line['measured_together']:.3f}",
            f"{line['planned_in_turn']:.3f} / {line['measured_in_turn']:.3f}",
            f"{line['predicted_ratio']:.3f}",
            f"{line['measured_ratio']:.3f}",
            percent(line["deviation"]),
        )
        for line in lines
    ]
    return table(columns, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", action="store_true", help="only print the table of the results so far")
    parser.add_argument(
        "--output", type=Path, default=OUTPUT, help="JSON lines; pairs that it has are not measured again"
    )
    arguments = parser.parse_args()
    known = {line["pair"] for line in read_lines(arguments.output)}
    missing = [pair for pair in PAIRS if str(pair) not in known]
    if missing and not arguments.report:
        measure(missing, arguments.output)
    print("\n".join(report(read_lines(arguments.output))))


def measure(pairs: Sequence[Pair], output: Path) -> None:
    """Measure costs, then each pair; each result is on disk before the next one begins."""
    torch.set_num_threads(1)
    costs = {name: measured_costs(name) for name in {name for pair in pairs for name in pair.jobs}}
    bytes_of_message = BATCH * WIDTH * 4
    transfer = round(one_way_nanoseconds([bytes_of_message])[bytes_of_message] / 1000)
    for pair in pairs:
        append_line(output, compared(pair, costs, transfer) | machine())


if __name__ == "__main__":
    main()

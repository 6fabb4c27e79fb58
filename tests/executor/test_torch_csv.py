"""Schedules that torch's own pipelining runtime loads and runs, with the gradients of plain autograd."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch_pipeline_rank import batch, stage_module

from gapweave import Instance, Schedule
from gapweave.executor.torch_csv import torch_csv
from gapweave.instances.generator import make_instance
from gapweave.models.errors import InvalidOption, InvalidSchedule, NotApplicable
from gapweave.models.instance import Device, Job, Stage
from gapweave.models.schedule import SolverRecord
from gapweave.models.task_arrays import TaskArrays
from gapweave.models.torch_csv import Cell, read_cells, write_cells
from gapweave.solver.heuristics import heuristic
from gapweave.solver.problem import Problem
from gapweave.solver.solve import solve
from gapweave.solver.timetable import make_schedule

RANKS = 4
#: For each case, the schedule and the gradients of the parameters of each stage.
Gradients = dict[str, tuple[Schedule, dict[int, list[Tensor]]]]


def pipeline(path: list[int], microbatches: int, *, split: bool) -> Instance:
    stages = tuple(
        Stage(device=device, forward=4 + number % 3, backward=5 + number % 2, weight=3 if split else None)
        for number, device in enumerate(path)
    )
    devices = tuple(Device(name=f"gpu{number}") for number in range(1 + max(path)))
    job = Job(name="only", microbatches=microbatches, stages=stages)
    return Instance(name="pipeline", devices=devices, jobs=(job,))


def schedules() -> dict[str, Schedule]:
    line, loop, forth_and_back = [0, 1, 2, 3], [0, 1, 2, 3, 0, 1, 2, 3], [0, 1, 2, 3, 3, 2, 1, 0]
    cases = {
        "line": pipeline(line, 6, split=False),
        "line-split": pipeline(line, 6, split=True),
        "reversed": pipeline(line[::-1], 5, split=False),
        "reversed-split": pipeline(line[::-1], 5, split=True),
        "loop": pipeline(loop, 4, split=False),
        "loop-split": pipeline(loop, 4, split=True),
        "v": pipeline(forth_and_back, 4, split=False),
        "v-split": pipeline(forth_and_back, 4, split=True),
    }
    listed = {name: by_policy("priority-list", instance) for name, instance in cases.items()}
    solved = {"solved": solve(cases["line"], time_limit=30.0, workers=1)}
    policies = {name: by_policy(name, pipeline(line, 6, split=name != "1f1b")) for name in ("1f1b", "zb-h1")}
    return listed | solved | policies | {"renumbered": with_microbatches_renamed(listed["line-split"])}


def by_policy(name: str, instance: Instance) -> Schedule:
    problem = Problem(instance)
    return make_schedule(problem, heuristic(name).plan(problem.arrays).starts, SolverRecord(name=name))


def with_microbatches_renamed(schedule: Schedule) -> Schedule:
    """The same times, with the microbatches numbered backwards."""
    last = schedule.instance.jobs[0].microbatch_count - 1
    tasks = tuple(
        row if row.microbatch is None else row._replace(microbatch=last - row.microbatch)
        for row in schedule.tasks
    )
    return schedule.model_copy(update={"tasks": tasks})


@pytest.fixture(scope="module")
def gradients(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, tuple[Schedule, dict[int, list[Tensor]]]]:
    """Every schedule with the gradients that torch's runtime found on 4 processes."""
    folder = tmp_path_factory.mktemp("torch-csv")
    cases = schedules()
    shapes = []
    for name, schedule in cases.items():
        (folder / name).write_text(torch_csv(schedule, 0))
        job = schedule.instance.jobs[0]
        shapes.append([name, len(job.stages), job.microbatch_count])
    (folder / "cases.json").write_text(json.dumps(shapes))
    program = str(Path(__file__).parent / "torch_pipeline_rank.py")
    ranks = [
        subprocess.Popen(
            [sys.executable, program, str(rank), str(RANKS), str(folder)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(RANKS)
    ]
    try:
        errors = [rank.communicate(timeout=120)[1] for rank in ranks]
    finally:
        for rank_process in ranks:
            rank_process.kill()
    assert [rank.returncode for rank in ranks] == [0] * RANKS, "\n".join(errors)[-4000:]
    found: dict[str, dict[int, list[Tensor]]] = {name: {} for name in cases}
    for rank in range(RANKS):
        for name, own in torch.load(folder / f"gradients-{rank}.pt").items():
            found[name] |= own
    return {name: (schedule, found[name]) for name, schedule in cases.items()}


@pytest.mark.parametrize(
    "name",
    [
        *("line", "line-split", "reversed", "reversed-split", "loop", "loop-split", "v", "v-split"),
        *("solved", "1f1b", "zb-h1", "renumbered"),
    ],
)
def test_torch_runs_the_exported_schedule_with_the_gradients_of_the_whole_model(
    name: str, gradients: Gradients
) -> None:
    schedule, found = gradients[name]
    job = schedule.instance.jobs[0]
    model = nn.Sequential(*(stage_module(number) for number in range(len(job.stages))))
    inputs, target = batch(job.microbatch_count)
    parts = zip(inputs.chunk(job.microbatch_count), target.chunk(job.microbatch_count), strict=True)
    for own_inputs, own_target in parts:
        (nn.functional.mse_loss(model(own_inputs), own_target) / job.microbatch_count).backward()
    assert sorted(found) == list(range(len(job.stages)))
    for number, stage in enumerate(model):
        for parameter, gradient in zip(stage.parameters(), found[number], strict=True):
            torch.testing.assert_close(gradient, parameter.grad)


def test_the_last_stage_runs_its_forward_passes_in_the_order_of_their_numbers() -> None:
    schedule = with_microbatches_renamed(by_policy("1f1b", pipeline([0, 1], 5, split=False)))
    rows = read_text(torch_csv(schedule, 0))
    last = [cell.microbatch for cell in rows[1] if cell.kind == "F"]
    assert last == list(range(5))


def test_a_reversed_job_is_written_along_its_own_pipeline() -> None:
    instance = make_instance(devices=3, microbatches=(4, 4), reversed_order=True, seed=2)
    rows = read_text(torch_csv(by_policy("priority-list", instance), 1))
    assert [{cell.stage for cell in row} for row in rows] == [{0}, {1}, {2}]


@pytest.mark.parametrize("path", [[0, 2, 1, 2], [0, 1, 1, 0, 0, 1]])
def test_a_placement_that_torch_does_not_know_is_refused(path: list[int]) -> None:
    schedule = by_policy("priority-list", pipeline(path, 2, split=False))
    with pytest.raises(InvalidOption, match=r"job 'only' has its stages on devices"):
        torch_csv(schedule, 0)


@pytest.mark.parametrize("split", [False, True])
def test_an_exported_schedule_read_back_is_as_good(tmp_path: Path, split: bool) -> None:
    instance = pipeline([0, 1, 2, 3], 6, split=split)
    schedule = by_policy("priority-list", instance)
    file = tmp_path / "exported.csv"
    file.write_text(torch_csv(schedule, 0))
    arrays = TaskArrays.build(instance)
    starts = heuristic(str(file)).plan(arrays).starts
    assert int((starts + arrays.duration).max()) <= schedule.makespan


def test_schedules_that_torch_wrote_are_read(tmp_path: Path) -> None:
    text = "0F0,0F1,,,0B0,0B1\n,1F0,1B0,1F1,1B1,\n0SEND_F0,0UNSHARD,(0F2;0B1)OVERLAP_F_B\n"
    (tmp_path / "torch.csv").write_text(text)
    rows = read_cells(tmp_path / "torch.csv")
    assert rows[1] == [Cell(1, "F", 0), Cell(1, "B", 0), Cell(1, "F", 1), Cell(1, "B", 1)]
    assert rows[2] == [Cell(0, "F", 2), Cell(0, "B", 1)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0F0,nonsense\n", "row 1, column 2: expected a cell such as 0F0, got 'nonsense'"),
        ("0F0\n1X0\n", "row 2, column 1"),
        ("", "holds no computation"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(InvalidSchedule, match=problem):
        read_cells(tmp_path / "bad.csv")


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ([[Cell(0, "F", 0)]], "runs 1 computations"),
        ([[Cell(7, "F", 0)]], "has a stage 7"),
        ([[Cell(0, "F", 9)]], "has a microbatch 9"),
        ([[Cell(0, "F", 0), Cell(0, "F", 0)]], "runs a computation twice"),
        ([[Cell(0, "I", 0)]], "splits backward passes"),
        ([[Cell(0, kind, m) for kind in "BF" for m in (0, 1)]], "deadlocks"),
    ],
)
def test_a_file_that_does_not_fit_the_instance_does_not_apply(
    tmp_path: Path, cells: list[list[Cell]], problem: str
) -> None:
    (tmp_path / "other.csv").write_text(write_cells(cells))
    arrays = TaskArrays.build(pipeline([0], 2, split=False))
    with pytest.raises(NotApplicable, match=problem):
        heuristic(str(tmp_path / "other.csv")).plan(arrays)


def read_text(text: str) -> list[list[Cell]]:
    return [
        [Cell(int(cell[0]), cell[1], int(cell[2:])) for cell in row.split(",")] for row in text.splitlines()
    ]

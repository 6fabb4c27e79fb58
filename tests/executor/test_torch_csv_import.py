"""Every schedule that torch writes itself can be read, timed and compared with."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from torch.distributed.pipelining import schedules as of_torch

from gapweave.models.errors import InvalidSchedule, NotApplicable
from gapweave.models.instance import Device, Instance, Job, Stage, StageMemory
from gapweave.models.schedule import SolverRecord
from gapweave.models.task_arrays import TaskArrays
from gapweave.models.torch_csv import Cell, read_cells, write_cells
from gapweave.models.verify import verify
from gapweave.solver.compare import compare
from gapweave.solver.heuristics import heuristic
from gapweave.solver.primary import primary_alone
from gapweave.solver.problem import Problem
from gapweave.solver.timetable import make_schedule

RANKS, MICROBATCHES = 4, 8
LINE = [0, 1, 2, 3]
LOOP = LINE + LINE
FORTH_AND_BACK = LINE + LINE[::-1]
#: For each schedule of torch, its stages' ranks, and whether it splits backward passes.
TORCH: Mapping[str, tuple[list[int], bool]] = {
    "ScheduleInterleaved1F1B": (LOOP, False),
    "ScheduleLoopedBFS": (LOOP, False),
    "ScheduleInterleavedZeroBubble": (LOOP, True),
    "ScheduleZBVZeroBubble": (FORTH_AND_BACK, True),
    "ScheduleDualPipeV": (FORTH_AND_BACK, True),
}


def pipeline(path: list[int], *, split: bool, capacity: int | None = None) -> Instance:
    durations: dict[str, Any] = {"backward": 2, "weight": 2} if split else {"backward": 4}
    memory = StageMemory(forward=1, backward=-1)
    stages = tuple(Stage(device=device, forward=2, memory=memory, **durations) for device in path)
    devices = tuple(Device(name=f"gpu{number}", memory_capacity=capacity) for number in range(RANKS))
    job = Job(name="only", microbatches=MICROBATCHES, stages=stages)
    return Instance(name="pipeline", devices=devices, jobs=(job,))


def written_by_torch(
    name: str, path: list[int], folder: Path, content: Literal["compute_only", "compute_comms"]
) -> Path:
    """Let torch write one of its own schedules, as rank 0; the file holds all ranks."""
    own = [number for number, rank in enumerate(path) if rank == 0]
    stages = [
        SimpleNamespace(
            num_stages=len(path),
            group_size=RANKS,
            group_rank=0,
            stage_index=number,
            is_first=number == 0,
            is_last=number == len(path) - 1,
            submod=None,
        )
        for number in own
    ]
    schedule = getattr(of_torch, name)(stages, n_microbatches=MICROBATCHES, loss_fn=lambda *_: None)
    file = folder / f"{name}.csv"
    schedule._dump_csv(str(file), format=content)
    return file


@pytest.mark.parametrize("content", ["compute_only", "compute_comms"])
@pytest.mark.parametrize("name", TORCH)
def test_a_schedule_that_torch_wrote_is_feasible_here(
    name: str, content: Literal["compute_only", "compute_comms"], tmp_path: Path
) -> None:
    path, split = TORCH[name]
    instance = pipeline(path, split=split)
    file = written_by_torch(name, path, tmp_path, content)
    problem = Problem(instance)
    schedule = make_schedule(
        problem, heuristic(str(file)).plan(problem.arrays).starts, SolverRecord(name=name)
    )
    assert verify(schedule) == []
    assert schedule.makespan >= problem.bound.value


def test_a_file_stands_beside_other_methods_in_a_comparison(tmp_path: Path) -> None:
    file = written_by_torch("ScheduleInterleaved1F1B", LOOP, tmp_path, "compute_only")
    comparison = compare(
        pipeline(LOOP, split=False), methods=[str(file), "interleaved-1f1b"], time_limit=1.0, workers=1
    )
    theirs, ours = comparison.rows
    assert (theirs.method, theirs.status != "not-applicable") == (str(file), True)
    assert theirs.makespan == ours.makespan


def test_a_primary_can_run_as_a_file_says(tmp_path: Path) -> None:
    primary = pipeline(LOOP, split=False)
    secondary = primary.jobs[0].model_copy(update={"name": "secondary"})
    pair = primary.model_copy(update={"jobs": (primary.jobs[0], secondary)})
    file = written_by_torch("ScheduleLoopedBFS", LOOP, tmp_path, "compute_only")
    starts = heuristic(str(file)).plan(TaskArrays.build(primary)).starts
    own = primary_alone(pair, str(file), solve_alone=pytest.fail)
    assert own.starts.tolist() == starts.tolist()


@pytest.mark.parametrize(
    ("name", "instance", "reason"),
    [
        ("ScheduleZBVZeroBubble", pipeline(LOOP, split=True), "has a rank with stages 0, 7"),
        ("ScheduleInterleaved1F1B", pipeline(LINE, split=False), "has a stage 4"),
        (
            "ScheduleLoopedBFS",
            pipeline(LOOP, split=False, capacity=9),
            "needs 16 memory on 'gpu0', 9 is free",
        ),
    ],
)
def test_a_schedule_of_another_pipeline_does_not_apply(
    name: str, instance: Instance, reason: str, tmp_path: Path
) -> None:
    file = written_by_torch(name, TORCH[name][0], tmp_path, "compute_only")
    with pytest.raises(NotApplicable, match=reason):
        heuristic(str(file)).plan(TaskArrays.build(instance))


def test_cells_are_read_as_they_were_written(tmp_path: Path) -> None:
    rows = [[Cell(0, kind, 11) for kind in "FIW"], [], [Cell(12, kind, 3) for kind in "FB"]]
    (tmp_path / "some.csv").write_text(write_cells(rows))
    assert read_cells(tmp_path / "some.csv") == rows


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"{'1' * 5000}F0\n", "row 1, column 1: expected a cell such as 0F0"),
        (f"0F0,{'1' * 200_000}\n", "is no CSV"),
        ("0F0\n(0F1;1?1)OVERLAP_F_B\n", r"row 2, column 1: .*'1\?1'"),
    ],
)
def test_an_endless_cell_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(InvalidSchedule, match=problem):
        read_cells(tmp_path / "bad.csv")

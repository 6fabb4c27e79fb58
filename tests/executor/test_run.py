"""The public function: jobs as objects, results, and the wish to stop."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from parity_cases import Case

import gapweave
from gapweave.executor.runtime.backend import chosen_backend
from gapweave.executor.runtime.fault import ActionFailed
from gapweave.executor.runtime.options import RunOptions
from gapweave.models.errors import ExecutionFailed, InvalidOption

CASE = Case(2, ("same", "reversed"), (False, True), (False, True), "interleaved")


def test_jobs_given_as_objects_run_in_this_process() -> None:
    seen = []
    result = gapweave.run(CASE.schedule, CASE.jobs, steps=3, check=True, on_step=seen.append)
    assert result.backend == "in-process"
    assert result.parity is not None
    assert not any(parity.differing for parity in result.parity)
    assert [progress.step for progress in seen] == [1, 2, 3]
    assert {name: [len(step) for step in steps] for name, steps in result.losses.items()} == {
        "job0": [3, 3, 3],
        "job1": [4, 4, 4],
    }


def test_every_action_of_the_recorded_steps_has_its_time() -> None:
    result = gapweave.run(CASE.schedule, CASE.jobs, steps=3, record_all=True)
    events = list(result.events())
    assert len(events) == 3 * sum(len(program.actions) for program in result.programs)
    makespans = result.makespans()
    assert list(makespans) == [0, 1, 2]
    for repetition, makespan in makespans.items():
        longest = max(event.end - event.begin for event in events if event.repetition == repetition)
        assert 0 < longest <= makespan


def test_only_the_last_steps_are_recorded_unless_all_are_asked_for() -> None:
    result = gapweave.run(CASE.schedule, CASE.jobs, steps=5)
    assert list(result.makespans()) == [3, 4]


def test_a_wish_to_stop_ends_the_run_after_a_whole_step() -> None:
    steps: list[int] = []
    result = gapweave.run(
        CASE.schedule,
        CASE.jobs,
        steps=100,
        check=True,
        on_step=lambda progress: steps.append(progress.step),
        stopped=lambda: len(steps) >= 2,
    )
    assert result.interrupted
    assert result.completed == len(steps) == 2
    assert result.parity is None


def test_after_a_resume_steps_are_counted_over_the_whole_training(tmp_path: Path) -> None:
    def microbatch(step: int, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        inputs, target = CASE.jobs[0].microbatch(step, index)
        return inputs, target * (torch.nan if step == 5 else 1)

    jobs = [replace(CASE.jobs[0], microbatch=microbatch), CASE.jobs[1]]
    gapweave.run(CASE.schedule, jobs, steps=4, checkpoint=tmp_path)
    with pytest.raises(ActionFailed, match=r"rank \d, step 6, .*: job 0, step 6, .* is not finite"):
        gapweave.run(CASE.schedule, jobs, steps=8, checkpoint=tmp_path, resume=True)


def test_a_wish_to_stop_ends_the_training_alone_as_well() -> None:
    steps: list[int] = []
    alone: list[int] = []

    def microbatch(step: int, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        if len(steps) == 3:
            alone.append(step)
        return CASE.jobs[0].microbatch(step, index)

    jobs = [replace(CASE.jobs[0], microbatch=microbatch), CASE.jobs[1]]
    result = gapweave.run(
        CASE.schedule,
        jobs,
        steps=3,
        check=True,
        on_step=lambda progress: steps.append(progress.step),
        stopped=lambda: len(alone) > 4,
    )
    assert result.interrupted
    assert result.completed == 3
    assert result.parity is None
    assert max(alone) < 2


def test_objects_cannot_be_handed_to_processes() -> None:
    with pytest.raises(InvalidOption, match="name a function that makes them"):
        gapweave.run(CASE.schedule, CASE.jobs, backend="gloo")


def test_clipping_needs_a_schedule_that_waits_for_the_norm() -> None:
    schedule = CASE._replace(barrier=(False, False)).schedule
    with pytest.raises(ExecutionFailed, match=r"jobs\[1\].clip_norm: needs optimizer_barrier"):
        gapweave.run(schedule, CASE.jobs)


def test_modules_that_learn_in_the_run_are_checked_against_modules_that_have_not() -> None:
    jobs = [replace(job, stages=[make() for make in job.stages]) for job in CASE.jobs]  # type: ignore[operator]
    parity = gapweave.run(CASE.schedule, jobs, steps=2, check=True).parity
    assert parity is not None
    assert [own.differing for own in parity] == [(), ()]


def test_jobs_must_have_the_stages_of_the_schedule() -> None:
    schedule = CASE._replace(placements=("same", "v")).schedule
    with pytest.raises(ExecutionFailed, match=r"jobs\[1\].stages: job 'job1' has 4 in the schedule, got 2"):
        gapweave.run(schedule, CASE.jobs)


def test_nccl_needs_a_gpu_for_each_device() -> None:
    with pytest.raises(InvalidOption, match="--backend nccl: needs 1000 GPUs, one for each device, found"):
        chosen_backend(RunOptions(backend="nccl"), ranks=1000, objects_given=False)


def test_a_failed_action_is_named_and_what_was_done_before_is_kept() -> None:
    def microbatch(step: int, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        if step == 2 and index == 1:
            raise ValueError("no such text")
        return torch.ones(2, 6), torch.ones(2, 6)

    jobs = [replace(CASE.jobs[0], microbatch=microbatch), CASE.jobs[1]]
    with pytest.raises(
        ActionFailed, match=r"rank 0, step 3, 'run F j0 t0 s0 m1': ValueError: no such"
    ) as raised:
        gapweave.run(CASE.schedule, jobs, steps=5, record_all=True)
    result = raised.value.result
    assert result is not None
    assert result.completed == 2
    assert list(map(len, result.losses.values())) == [2, 2]
    last = [event for event in result.events() if event.repetition == 2 and event.rank == 0]
    program = result.programs[0].actions
    assert [event.action for event in last] == list(program[: program.index(raised.value.action)])

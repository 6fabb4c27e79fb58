"""Filling the primary's idle time in steady state: it keeps its period, and as much as possible fits."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapweave import solve
from gapweave.instances.generator import make_instance
from gapweave.models.bounds import reprove
from gapweave.models.errors import Infeasible, InvalidOption, NothingFound
from gapweave.models.expand import expanded
from gapweave.models.instance import Device, Instance, Job, Stage, StageMemory
from gapweave.models.schedule import Schedule
from gapweave.models.task_arrays import TaskArrays
from gapweave.models.verify import verify
from gapweave.solver.steady.fill_model import FillModel, search_fill
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.primary_step import primary_pins, primary_step
from gapweave.solver.steady.ratio_bounds import BesidePrimary
from gapweave.solver.stopping import Stopping


def pair(stages: int, microbatches: int, others: int | None = None, capacity: int | None = None) -> Instance:
    """Two jobs of F 1 and B 2 on the same devices; a microbatch in flight holds 1."""
    counts = (microbatches, microbatches if others is None else others)
    memory = StageMemory(forward=1, backward=-1)
    return Instance(
        name="pair",
        devices=tuple(Device(name=str(device), memory_capacity=capacity) for device in range(stages)),
        jobs=tuple(
            Job(
                name=name,
                microbatches=count,
                stages=tuple(Stage(device=s, forward=1, backward=2, memory=memory) for s in range(stages)),
            )
            for name, count in zip(("primary", "secondary"), counts, strict=True)
        ),
    )


def fill(instance: Instance, time_limit: float = 10.0, **options: object) -> Schedule:
    return solve(
        instance,
        objective="period",
        mode="fill",
        time_limit=time_limit,
        workers=1,
        **options,  # type: ignore[arg-type]
    )


def own_period(instance: Instance) -> int:
    period = solve(instance.with_jobs(0), objective="period", time_limit=5.0, workers=1).period
    assert period is not None
    return period


def test_the_primary_keeps_its_best_period_alone() -> None:
    instance = pair(4, 4)
    schedule = fill(instance, time_limit=8.0)
    assert verify(schedule) == []
    assert schedule.primary is not None
    assert schedule.primary.makespan == own_period(instance)
    assert schedule.period == schedule.steps[0] * schedule.primary.makespan
    assert reprove(schedule).proven is True


def test_a_small_secondary_fits_at_every_step() -> None:
    schedule = fill(pair(4, 8, others=1), steps=(1, 1))
    assert schedule.steps == (1, 1)
    assert verify(expanded(schedule, 3)) == []


def test_more_work_than_idle_time_is_proven_not_to_fit() -> None:
    with pytest.raises(
        Infeasible, match=r"--steps 1,1: the other jobs' steps do not fit .* by the idle time"
    ):
        fill(pair(4, 8), steps=(1, 1))


def test_what_only_a_search_excludes_is_infeasible_too() -> None:
    with pytest.raises(Infeasible, match="proven by search"):
        fill(pair(8, 8), steps=(4, 3), primary="1f1b")


def test_the_ratio_reached_is_within_its_bound() -> None:
    schedule = fill(pair(4, 4), time_limit=5.0, primary="1f1b")
    ratio = schedule.solver.notes["steps_ratio"]
    assert isinstance(ratio, dict)
    assert ratio["reached"] == schedule.steps[1] / schedule.steps[0]
    assert ratio["reached"] <= ratio["at_most"] <= 0.75


def test_what_needs_many_steps_of_the_primary_is_not_called_impossible() -> None:
    with pytest.raises(NothingFound, match=r"at most 0\.0469 per step of it, .*; --steps 22,1, or more"):
        fill(pair(4, 4, others=64), primary="1f1b")


def test_without_room_in_memory_nothing_fits() -> None:
    instance = pair(4, 8, capacity=4)
    with pytest.raises((Infeasible, NothingFound)):
        fill(instance, steps=(1, 1), time_limit=4.0)


def test_several_secondary_jobs_do_as_many_steps_each() -> None:
    instance = pair(4, 4, others=2)
    third = instance.jobs[1].model_copy(update={"name": "third", "microbatches": 1})
    schedule = fill(instance.model_copy(update={"jobs": (*instance.jobs, third)}), time_limit=6.0)
    assert verify(schedule) == []
    assert schedule.steps[1] == schedule.steps[2]


def test_one_job_alone_is_its_own_best_schedule() -> None:
    schedule = fill(pair(4, 4).with_jobs(0))
    assert schedule.steps == (1,)
    assert schedule.period == own_period(pair(4, 4))


def test_a_policy_s_orders_are_repeated_as_often_as_they_allow() -> None:
    schedule = fill(pair(4, 4), primary="gpipe", steps=(2, 1))
    assert schedule.primary is not None
    assert schedule.primary.source == "gpipe"
    assert own_period(pair(4, 4)) <= schedule.primary.makespan


def test_a_schedule_file_of_the_primary_alone_is_kept(tmp_path: Path) -> None:
    instance = pair(4, 4)
    alone = solve(instance.with_jobs(0), objective="period", time_limit=5.0, workers=1)
    alone.save(tmp_path / "alone.json")
    schedule = fill(instance, primary=str(tmp_path / "alone.json"), steps=(2, 1))
    own = {row.task: row.start for row in alone.tasks}
    assert all(own[row.task] == row.start for row in schedule.tasks if row.job == 0 and row.step == 0)


@pytest.mark.parametrize("objective", ["makespan", "period"])
def test_a_schedule_that_is_not_the_primary_s_alone_is_refused(objective: str) -> None:
    instance = pair(2, 2)
    other = solve(instance, objective=objective, time_limit=5.0, workers=1)  # type: ignore[arg-type]
    with pytest.raises(InvalidOption, match="expected a schedule of the primary alone"):
        fill(instance, primary=other)


def test_a_given_schedule_that_breaks_a_rule_is_refused() -> None:
    instance = pair(2, 2)
    alone = solve(instance.with_jobs(0), objective="period", time_limit=5.0, workers=1)
    assert alone.period is not None
    with pytest.raises(Infeasible, match="cannot be kept"):
        fill(instance, primary=alone.model_copy(update={"period": alone.period - 1}))


@settings(max_examples=10, deadline=None)
@given(
    st.builds(
        make_instance,
        devices=st.integers(1, 3),
        microbatches=st.tuples(st.integers(2, 4), st.integers(1, 2)),
        reversed_order=st.booleans(),
        split=st.booleans(),
        transfer=st.sampled_from((0, 300)),
        seed=st.integers(0, 1000),
        memory_microbatches=st.sampled_from((None, 4)),
    ),
    st.integers(1, 3),
)
def test_what_fill_finds_the_model_and_the_bound_do_not_exclude(instance: Instance, steps: int) -> None:
    try:
        schedule = fill(instance, time_limit=1.0, primary="1f1b", steps=(steps, 1))
    except (Infeasible, NothingFound):
        return
    assert verify(schedule) == []
    step = primary_step(instance, "1f1b", lambda own: own)  # type: ignore[arg-type,return-value]
    assert BesidePrimary(instance, step.period, step).bound([1]).value >= 1 / steps  # type: ignore[list-item]
    pins = primary_pins(TaskArrays.build(instance, (steps, 1)), step)
    model = FillModel(CyclicGraph.build(instance, (steps, 1), pins), step)
    assert not search_fill(model, Stopping(2.0), workers=1, seed=0, work_limit=None)[1]


def test_with_a_slack_the_period_stays_within_the_limit() -> None:
    instance = pair(4, 4)
    schedule = solve(instance, objective="period", primary_slack=0.1, time_limit=6.0, workers=1)
    assert verify(schedule) == []
    assert schedule.primary is not None
    assert schedule.primary.limit == schedule.primary.makespan * 11 // 10
    assert schedule.period is not None
    assert schedule.period <= schedule.steps[0] * schedule.primary.limit


def test_a_slack_that_cannot_hold_the_steps_is_infeasible() -> None:
    with pytest.raises(Infeasible, match="--steps 1,1"):
        solve(pair(4, 8), objective="period", primary_slack=0.05, steps=(1, 1), time_limit=4.0, workers=1)

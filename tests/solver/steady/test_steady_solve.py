"""Least periods: known ones, laws that all obey, and schedules that go on for ever."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapweave import solve
from gapweave.instances.generator import make_instance
from gapweave.models.bounds import reprove
from gapweave.models.errors import Infeasible, InvalidOption, NothingFound
from gapweave.models.expand import expanded
from gapweave.models.instance import Device, Instance, Job, Stage, StageMemory
from gapweave.models.metrics import measure
from gapweave.models.schedule import Schedule
from gapweave.models.verify import verify


def uniform(
    stages: int, microbatches: int, *, opposed: bool = False, jobs: int = 2, **fields: object
) -> Instance:
    """Jobs of F 1 and B 2 on every stage."""
    paths = [range(stages)[:: -1 if opposed and number % 2 else 1] for number in range(jobs)]
    return Instance(
        name="uniform",
        devices=tuple(Device(name=str(device)) for device in range(stages)),
        jobs=tuple(
            Job(
                name=str(number),
                microbatches=microbatches,
                stages=tuple(Stage(device=device, forward=1, backward=2, **fields) for device in path),
            )
            for number, path in enumerate(paths)
        ),
    )


def least(instance: Instance, time_limit: float = 20.0, **options: object) -> Schedule:
    return solve(instance, objective="period", time_limit=time_limit, workers=1, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("stages", [4, 8, 16])
@pytest.mark.parametrize("more", [-1, 0, None])
def test_two_equal_jobs_with_enough_microbatches_leave_no_idle_time(stages: int, more: int | None) -> None:
    microbatches = 2 * stages if more is None else stages + more
    schedule = least(uniform(stages, microbatches))
    assert (schedule.status, schedule.period) == ("optimal", 6 * microbatches)
    assert measure(schedule).bubble_rate == 0


@pytest.mark.parametrize(("microbatches", "period"), [(4, 27), (6, 37)])
def test_opposed_jobs_on_four_devices_have_the_known_least_periods(microbatches: int, period: int) -> None:
    schedule = least(uniform(4, microbatches, opposed=True), time_limit=60.0)
    assert (schedule.status, schedule.period) == ("optimal", period)


def test_one_job_alone_pays_for_its_ramps() -> None:
    schedule = least(uniform(4, 8, jobs=1))
    assert schedule.status == "optimal"
    assert schedule.bound is not None
    assert schedule.bound.argument == "step-span"
    assert reprove(schedule).proven is True


def test_a_capacity_of_one_microbatch_less_than_1f1b_lengthens_the_period() -> None:
    memory = StageMemory(forward=1, backward=-1)
    instance = uniform(4, 4, memory=memory)
    tight = instance.model_copy(
        update={"devices": tuple(d.model_copy(update={"memory_capacity": 3}) for d in instance.devices)}
    )
    assert least(instance).period == 24
    found = least(tight, time_limit=4.0)
    assert found.period is not None
    assert found.period > 24


OPTIONS = {
    "devices": st.integers(1, 4),
    "microbatches": st.lists(st.integers(1, 4), min_size=1, max_size=2).map(tuple),
    "reversed_order": st.booleans(),
    "split": st.booleans(),
    "transfer": st.sampled_from((0, 300)),
    "seed": st.integers(0, 1000),
}
UNLIMITED = st.builds(make_instance, **OPTIONS)
INSTANCES = st.builds(make_instance, **OPTIONS, memory_microbatches=st.sampled_from((None, 4)))


@settings(max_examples=12, deadline=None)
@given(INSTANCES, st.data())
def test_every_periodic_schedule_keeps_the_rules_and_its_bound_is_proven_again(
    instance: Instance, data: st.DataObject
) -> None:
    steps = tuple(data.draw(st.integers(1, 2)) for _ in instance.jobs)
    schedule = least(instance, time_limit=1.0, steps=steps)
    assert verify(schedule) == []
    assert schedule.steps == steps
    assert schedule.bound is not None
    assert reprove(schedule).proven is not False
    whole = expanded(schedule, 3)
    assert verify(whole) == []
    assert whole.steps == tuple(3 * count for count in steps)
    assert schedule.period is not None
    assert whole.makespan <= 2 * schedule.period + max(row.end for row in schedule.tasks)


@settings(max_examples=8, deadline=None)
@given(UNLIMITED)
def test_a_period_lies_between_the_load_and_the_best_makespan(instance: Instance) -> None:
    period = least(instance, time_limit=5.0).period
    assert period is not None
    load = max(
        sum(
            stage.work * job.microbatch_count
            for job in instance.jobs
            for stage in job.stages
            if stage.device == device
        )
        for device in range(len(instance.devices))
    )
    assert load <= period <= solve(instance, time_limit=5.0, workers=1).makespan


def test_a_late_release_has_no_meaning_in_steady_state() -> None:
    instance = uniform(2, 2)
    late = instance.jobs[1].model_copy(update={"release": 5})
    with pytest.raises(Infeasible, match="job '1': with a period it must be released at 0, not at 5"):
        least(instance.model_copy(update={"jobs": (instance.jobs[0], late)}))


def test_without_time_nothing_is_found() -> None:
    with pytest.raises(NothingFound):
        least(uniform(2, 2), time_limit=1e-9)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"objective": "period", "steps": (1, 1, 1)}, "--steps: expected 2"),
        ({"objective": "period", "steps": (0, 1)}, "--steps: expected an integer from 1"),
        ({"objective": "makespan", "steps": (1, 1)}, "--steps: goes with --objective period"),
        ({"objective": "speed"}, "--objective: expected 'makespan' or 'period'"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: dict[str, object], problem: str) -> None:
    with pytest.raises(InvalidOption, match=problem):
        solve(uniform(2, 2), **options)  # type: ignore[arg-type]


def test_only_a_periodic_schedule_can_be_expanded() -> None:
    with pytest.raises(InvalidOption, match="only a schedule with a period"):
        expanded(solve(uniform(2, 2), time_limit=1.0), 2)
    with pytest.raises(InvalidOption, match="expected at least 1 period"):
        expanded(least(uniform(2, 2)), 0)

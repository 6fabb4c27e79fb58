"""Rule 6 in steady state: the primary keeps its own period, exactly or within a slack."""

from schedule_factory import build_schedule, claimed, edited, make_instance, uniform_job

from gapweave.models.expand import expanded
from gapweave.models.schedule import Primary, Schedule
from gapweave.models.verify import verify

#: One step of the primary alone: two stages, two microbatches, every 12 ticks.
OWN_PERIOD = 12


def primary_alone() -> Schedule:
    return build_schedule(make_instance(uniform_job(2, 2), devices=2))


def filled(steps: int = 2) -> Schedule:
    """The primary's step repeated every 12 ticks; a secondary of one stage runs while device 0 is idle."""
    own = primary_alone()
    secondary = uniform_job(1, 1)
    instance = make_instance(uniform_job(2, 2), secondary, devices=2)
    rows = [
        row._replace(step=step, start=row.start + step * OWN_PERIOD, end=row.end + step * OWN_PERIOD)
        for step in range(steps)
        for row in own.tasks
    ]
    beside = build_schedule(make_instance(secondary, devices=2)).tasks
    idle = max(row.end for row in own.tasks if row.device == 0)
    rows += [row._replace(job=1, start=row.start + idle, end=row.end + idle) for row in beside]
    promise = tuple((row.kind, row.stage, row.microbatch, row.start) for row in own.tasks)
    primary = Primary(source="1f1b", makespan=OWN_PERIOD, limit=OWN_PERIOD, tasks=promise)
    return claimed(instance, (steps, 1), rows, period=steps * OWN_PERIOD, mode="fill", primary=primary)


def sixth(schedule: Schedule) -> list[str]:
    return [violation.message for violation in verify(schedule) if violation.rule == "6"]


def test_step_n_of_the_primary_runs_n_periods_of_its_own_later() -> None:
    schedule = filled()
    assert verify(schedule) == []
    late = [row._replace(start=row.start + 1, end=row.end + 1) if row.step else row for row in schedule.tasks]
    assert any("does not run at this time" in message for message in sixth(edited(schedule, late)))


def test_a_step_may_not_begin_early_even_where_the_device_is_free() -> None:
    schedule = filled()
    rows = [row for row in schedule.tasks if row.job == 0]
    alone = edited(schedule, [row._replace(start=row.start + 1, end=row.end + 1) for row in rows])
    assert len(sixth(alone)) == 2 * len(rows)


def test_the_period_is_that_many_of_the_primary_s_own() -> None:
    schedule = filled()
    longer = schedule.model_copy(update={"period": 2 * OWN_PERIOD + 1})
    assert sixth(longer) == ["the period is 25, the primary's 2 steps take 24"]


def test_the_primary_s_own_schedule_is_one_step() -> None:
    schedule = filled()
    assert schedule.primary is not None
    assert schedule.primary.tasks is not None
    twice = schedule.primary.model_copy(update={"tasks": schedule.primary.tasks * 2})
    messages = sixth(schedule.model_copy(update={"primary": twice}))
    assert messages == ["the primary's own schedule has 16 tasks, one step has 8"]


def test_with_a_slack_the_period_is_limited_per_step_of_the_primary() -> None:
    schedule = filled()
    for limit, problems in ((OWN_PERIOD, 0), (OWN_PERIOD - 1, 1)):
        primary = Primary(source="solver", makespan=limit, limit=limit)
        slack = schedule.model_copy(update={"mode": "joint", "primary": primary})
        assert len(sixth(slack)) == problems


def test_an_expanded_fill_still_promises_the_primary_s_times() -> None:
    whole = expanded(filled(), 3)
    assert sixth(whole) == []
    assert whole.primary is not None
    assert whole.primary.tasks is not None
    assert len(whole.primary.tasks) == 3 * 2 * 8
    moved = [row._replace(start=row.start + 1, end=row.end + 1) for row in whole.tasks]
    assert sixth(edited(whole, moved))

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_schedules import schedules
from schedule_factory import build_schedule, make_instance, random_instance, random_schedule, uniform_job
from simulated_run import SimulatedRun

from gapweave.executor.measured.gaps import DeviceLosses, losses, median_durations
from gapweave.executor.measured.recording import Event
from gapweave.executor.measured.steps import MeasuredStep, measured_steps
from gapweave.executor.measured.tick_length import TickLength
from gapweave.models.schedule import Schedule
from gapweave.models.task import Task

TICK = TickLength(1000, is_estimated=False)


def pipeline(stages: int = 3, microbatches: int = 4, transfer: int = 1) -> Schedule:
    job = uniform_job(stages, microbatches, forward_transfer=transfer, backward_transfer=transfer)
    return build_schedule(make_instance(job, devices=stages))


def explained(run: SimulatedRun, repetition: int = 0) -> tuple[MeasuredStep, tuple[DeviceLosses, ...]]:
    events = run.events()
    step = measured_steps(run.schedule, events)[repetition]
    return step, losses(run.schedule, step, TICK, median_durations(events))


def causes(device: DeviceLosses) -> dict[str, int]:
    return {cause: part for cause, part in device.by_cause.items() if part}


@given(schedule=schedules())
def test_a_run_as_planned_loses_nothing(schedule: Schedule) -> None:
    _, devices = explained(SimulatedRun(schedule))
    assert all(not device.losses and not device.lateness for device in devices)


@given(seed=st.integers(0, 10**6))
def test_lost_and_regained_time_add_up_exactly(seed: int) -> None:
    rng = Random(seed)
    schedule = random_schedule(rng, random_instance(rng))
    run = SimulatedRun(
        schedule,
        repetitions=2,
        longer=lambda task, repetition: rng.choice([0, 0, -300, 1700]) if task in planned else 40,
        slower_messages=lambda task: rng.choice([0, 900]),
        pauses=lambda task: rng.choice([0, 70]),
    )
    planned = {row.task for row in schedule.tasks}
    step, devices = explained(run, repetition=1)
    origin = min(row.start for row in schedule.tasks)
    for device, rows in zip(devices, schedule.tasks_by_device, strict=True):
        for loss in device.losses:
            assert sum(loss.parts.values()) == loss.lost
            assert min(loss.parts.values()) > 0
        assert sum(device.by_cause.values()) - device.regained == device.lateness
        ran = [event.end for event in step.events[device.device] if event.action.op == "run"]
        if rows:
            last = (rows[-1].end - origin) * 1000
            assert device.lateness == max(ran) - step.origin - last


def test_a_pause_is_overhead_there_and_a_late_peer_downstream() -> None:
    late = Task(0, 0, "F", 0, 0)
    schedule = pipeline(microbatches=1)
    pauses = {Task(0, 0, "F", 1, 0): 700, late: 0}
    _, devices = explained(SimulatedRun(schedule, pauses=lambda task: pauses.get(task, 0)))
    assert causes(devices[1]) == {"overhead": 700}
    assert causes(devices[2]) == {"peer": 700}
    assert causes(devices[0]) == {"peer": 700}


def test_a_slow_message_is_a_transfer_where_it_is_awaited() -> None:
    slow = Task(0, 0, "F", 1, 0)
    schedule = pipeline(microbatches=1)
    _, devices = explained(SimulatedRun(schedule, slower_messages=lambda task: 900 * (task == slow)))
    assert causes(devices[2]) == {"transfer": 900}
    assert causes(devices[1]) == {"peer": 900}


def test_one_long_task_is_interference() -> None:
    long = Task(0, 0, "F", 2, 3)
    run = SimulatedRun(pipeline(), longer=lambda task, _: 5000 * (task == long))
    _, devices = explained(run)
    assert causes(devices[2]) == {"interference": 5000}
    (loss,) = devices[2].losses
    assert (loss.task, loss.is_idle, loss.planned, loss.lost) == (long, False, 1000, 5000)


def test_tasks_that_always_take_longer_are_slower_than_planned() -> None:
    run = SimulatedRun(pipeline(), longer=lambda task, _: 250 * (task.stage == 2 and task.kind == "F"))
    _, devices = explained(run)
    assert causes(devices[2])["slower"] == 4 * 250
    assert "interference" not in causes(devices[2])


def test_an_optimizer_step_that_is_not_in_the_plan_is_unplanned() -> None:
    run = SimulatedRun(pipeline(), longer=lambda task, _: 333 * (task.kind == "O"))
    _, devices = explained(run)
    assert all(causes(device) == {"unplanned": 333} for device in devices)


def test_a_device_that_still_does_the_step_before_says_so() -> None:
    run = SimulatedRun(pipeline(), repetitions=2)
    shift = 2500
    events = [_delayed(event, shift if event.rank == 0 else 0) for event in run.events()]
    step = measured_steps(run.schedule, events)[1]
    devices = losses(run.schedule, step, TICK, median_durations(events))
    assert set(causes(devices[0])) <= {"step before", "overhead", "peer"}
    busy_until = max(e.end for e in events if e.rank == 0 and e.repetition == 0 and e.action.op == "run")
    assert causes(devices[0]).get("step before", 0) == max(0, busy_until - step.origin)


def _delayed(event: Event, by: int) -> Event:
    return event._replace(begin=event.begin + by, end=event.end + by)


def test_pauses_in_planned_idle_time_cost_nothing() -> None:
    """Every task is planned to start two ticks later than it could."""
    job = uniform_job(3, 4, forward_transfer=1, backward_transfer=1)
    schedule = build_schedule(make_instance(job, devices=3), delay=lambda: 2)
    _, devices = explained(SimulatedRun(schedule, pauses=lambda task: 1500 * (task.kind != "O")))
    assert all(causes(device).keys() <= {"peer"} and device.lateness < 0 for device in devices)


@pytest.mark.parametrize("unit", ["tick", "us"])
def test_steps_that_did_not_end_are_left_out(unit: str) -> None:
    schedule = pipeline()
    events = SimulatedRun(schedule, repetitions=3).events()
    cut = [event for event in events if event.repetition < 2 or event.rank < 2]
    assert [step.repetition for step in measured_steps(schedule, cut)] == [0, 1]

import json
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from random_schedules import TIME_UNITS, periodic_schedules, schedules
from schedule_factory import build_schedule, make_instance, uniform_job, zero_idle_period

from gapweave.executor.chrome_trace import chrome_trace
from gapweave.models.memory import memory_profile
from gapweave.models.schedule import Schedule

MICROSECONDS = {"ns": 1e-3, "us": 1, "ms": 1e3, "s": 1e6, "tick": 1}


def events(schedule: Schedule, phase: str) -> list[dict[str, Any]]:
    return [event for event in chrome_trace(schedule)["traceEvents"] if event["ph"] == phase]


def transfer_count(schedule: Schedule) -> int:
    return sum(
        2 * job.microbatch_count
        for job in schedule.instance.jobs
        for sender, receiver in pairwise(job.stages)
        if sender.device != receiver.device
    )


@given(schedule=schedules())
def test_every_task_is_one_complete_event_on_its_device(schedule: Schedule) -> None:
    arguments = ("job", "step", "kind", "stage", "microbatch", "planned_start")
    shown = [
        (*map(event["args"].get, arguments), *map(event.get, ("cat", "pid", "tid")))
        for event in events(schedule, "X")
    ]
    names = [job.name for job in schedule.instance.jobs]
    assert Counter(shown) == Counter(
        (names[r.job], r.step, r.kind, r.stage, r.microbatch, r.start, names[r.job], r.device, 0)
        for r in schedule.tasks
    )


@given(schedule=schedules())
def test_events_of_one_thread_never_overlap(schedule: Schedule) -> None:
    ordered = sorted(events(schedule, "X"), key=lambda event: (event["pid"], event["tid"], event["ts"]))
    for earlier, later in pairwise(ordered):
        if (earlier["pid"], earlier["tid"]) == (later["pid"], later["tid"]):
            assert earlier["ts"] + earlier["dur"] <= later["ts"] + 1e-9


@given(schedule=schedules())
def test_ticks_become_microseconds(schedule: Schedule) -> None:
    factor = MICROSECONDS[schedule.instance.time_unit]
    for event, row in zip(events(schedule, "X"), schedule.tasks, strict=True):
        assert event["ts"] == pytest.approx(row.start * factor)
        assert event["dur"] == pytest.approx((row.end - row.start) * factor)


@given(schedule=schedules())
def test_every_transfer_between_devices_is_a_flow_from_sender_to_receiver(schedule: Schedule) -> None:
    starts = {event["id"]: event for event in events(schedule, "s")}
    ends = {event["id"]: event for event in events(schedule, "f")}
    assert starts.keys() == ends.keys()
    assert len(starts) == len(events(schedule, "s")) == len(events(schedule, "f")) == transfer_count(schedule)
    slices = events(schedule, "X")
    for number, start in starts.items():
        end = ends[number]
        assert (start["name"], start["cat"]) == (end["name"], end["cat"])
        sender, receiver = slice_around(slices, start), slice_around(slices, end)
        assert sender["ts"] + sender["dur"] <= receiver["ts"] + 1e-9
        step = {"F": 1, "B": -1}[sender["args"]["kind"]]
        assert receiver["args"]["stage"] == sender["args"]["stage"] + step
        for same in ("job", "step", "microbatch", "kind"):
            assert receiver["args"][same] == sender["args"][same]


def slice_around(slices: list[dict[str, Any]], flow: dict[str, Any]) -> dict[str, Any]:
    """The only slice of the flow event's thread that strictly contains its time."""
    (found,) = (
        s
        for s in slices
        if (s["pid"], s["tid"]) == (flow["pid"], flow["tid"]) and s["ts"] < flow["ts"] < s["ts"] + s["dur"]
    )
    return found


@given(schedule=schedules())
def test_memory_is_a_counter_of_each_device(schedule: Schedule) -> None:
    factor = MICROSECONDS[schedule.instance.time_unit]
    for device in range(len(schedule.instance.devices)):
        counter = [event for event in events(schedule, "C") if event["pid"] == device]
        times, levels = zip(*memory_profile(schedule, device), strict=True)
        assert [event["ts"] for event in counter] == pytest.approx([time * factor for time in times])
        assert [event["args"]["level"] for event in counter] == list(levels)


@pytest.mark.parametrize("unit", TIME_UNITS)
def test_the_trace_is_json_and_names_every_device(unit: str) -> None:
    instance = make_instance(uniform_job(3, 4), devices=3).model_copy(update={"time_unit": unit})
    trace = json.loads(json.dumps(chrome_trace(build_schedule(instance)), allow_nan=False))
    named = {
        (event["name"], event["pid"]): event["args"]["name"]
        for event in trace["traceEvents"]
        if event["ph"] == "M" and "name" in event["args"]
    }
    for device in range(3):
        assert named["process_name", device] == f"gpu{device}"
        assert named["thread_name", device] == "compute"


@given(schedule=periodic_schedules())
def test_a_trace_of_a_period_shows_the_work_of_two_periods_after_the_warm_up(schedule: Schedule) -> None:
    assert schedule.period is not None
    slices = events(schedule, "X")
    begin, end = (
        edge(event["ts"] + width * event["dur"] for event in slices if event["cat"] == "period")
        for edge, width in ((min, 0), (max, 1))
    )
    unit = MICROSECONDS[schedule.instance.time_unit]
    assert end - begin == pytest.approx(2 * schedule.period * unit)
    tasks = [event for event in slices if event["cat"] != "period"]
    assert min(event["args"]["step"] for event in tasks) >= 0
    assert all(event["ts"] >= 0 for event in tasks)
    shown = sum(min(one["ts"] + one["dur"], end) - max(one["ts"], begin) for one in tasks)
    assert shown == pytest.approx(2 * unit * sum(row.end - row.start for row in schedule.tasks))


def test_a_trace_of_a_period_names_periods_and_steps() -> None:
    schedule = zero_idle_period(4, 4)
    periods = [event["name"] for event in events(schedule, "X") if event["cat"] == "period"]
    assert periods == ["period 1", "period 2"]
    begun = [event["name"] for event in events(schedule, "b")]
    assert begun == [event["name"] for event in events(schedule, "e")]
    assert set(begun) == {f"job0 step {n}" for n in (1, 2)} | {f"job1 step {n}" for n in (0, 1, 2)}


def test_memory_of_a_period_is_that_of_all_live_steps() -> None:
    schedule = zero_idle_period(4, 4)
    levels = [event["args"]["level"] for event in events(schedule, "C") if event["pid"] == 0]
    assert levels == 2 * [level for _, level in memory_profile(schedule, 0)]

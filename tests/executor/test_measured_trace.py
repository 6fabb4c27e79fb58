import json
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_schedules import schedules
from schedule_factory import (
    build_schedule,
    make_instance,
    random_instance,
    random_schedule,
    uniform_job,
    zero_idle_period,
)
from simulated_run import SimulatedRun

from gapweave.executor.chrome_trace import chrome_trace
from gapweave.executor.measured.comparison import RunComparison
from gapweave.executor.measured.read_trace import MAX_TRACE_BYTES, read_measured
from gapweave.executor.measured.recording import Event
from gapweave.executor.measured.trace import measured_trace
from gapweave.models.errors import InvalidFile
from gapweave.models.expand import expanded
from gapweave.models.schedule import Schedule

COMPUTE, SEND, RECEIVE = range(3)


def jittered(schedule: Schedule, seed: int, repetitions: int = 2) -> tuple[Event, ...]:
    rng = Random(seed)
    return SimulatedRun(
        schedule,
        repetitions=repetitions,
        longer=lambda task, repetition: rng.randrange(900),
        slower_messages=lambda task: rng.randrange(700),
        pauses=lambda task: rng.randrange(90),
    ).events()


def traced(schedule: Schedule, seed: int) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = measured_trace(schedule, jittered(schedule, seed))["traceEvents"]
    return events


def measured(events: list[dict[str, Any]], schedule: Schedule, phase: str) -> list[dict[str, Any]]:
    ranks = len(schedule.instance.devices)
    return [event for event in events if event["ph"] == phase and event["pid"] >= ranks]


seeds = st.integers(0, 10**6)
#: Microseconds by which a sum of two rounded times may be off.
ROUNDING = 1e-6


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=seeds)
def test_what_is_read_back_is_what_was_recorded(seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    schedule = random_schedule(rng, random_instance(rng))
    events = jittered(schedule, seed)
    file = tmp_path / "trace.json"
    file.write_text(json.dumps(measured_trace(schedule, events)))
    origin = min(event.begin for event in events if event.action.op == "run")
    assert Counter(read_measured(file, schedule).events) == Counter(
        event._replace(
            begin=event.begin - origin, end=event.end - origin, action=event.action._replace(buffer=None)
        )
        for event in events
    )


@given(schedule=schedules(), seed=seeds)
def test_slices_of_one_thread_never_overlap_although_receives_do(schedule: Schedule, seed: int) -> None:
    rng = Random(seed)
    early = [
        event._replace(begin=event.begin - rng.randrange(2000)) if event.action.op == "take" else event
        for event in jittered(schedule, seed)
    ]
    slices = [event for event in measured_trace(schedule, early)["traceEvents"] if event["ph"] == "X"]
    ordered = sorted(slices, key=lambda event: (event["pid"], event["tid"], event["ts"]))
    for earlier, later in pairwise(ordered):
        if (earlier["pid"], earlier["tid"]) == (later["pid"], later["tid"]):
            assert earlier["ts"] + earlier["dur"] <= later["ts"] + ROUNDING


@given(schedule=schedules(), seed=seeds)
def test_every_message_is_a_flow_from_its_send_to_its_take(schedule: Schedule, seed: int) -> None:
    events = traced(schedule, seed)
    begins = {event["id"]: event for event in measured(events, schedule, "s")}
    ends = {event["id"]: event for event in measured(events, schedule, "f")}
    slices = measured(events, schedule, "X")
    takes = [event for event in slices if event["args"]["op"] == "take"]
    assert begins.keys() == ends.keys()
    assert len(begins) == len(takes)
    for number, begin in begins.items():
        end = ends[number]
        assert begin["ts"] <= end["ts"]
        assert (begin["tid"], end["tid"]) == (SEND, RECEIVE)
        for place, op in ((begin, "send"), (end, "take")):
            assert any(
                one["args"]["op"] == op
                and one["ts"] - ROUNDING <= place["ts"] <= one["ts"] + one["dur"] + ROUNDING
                for one in slices
                if (one["pid"], one["tid"]) == (place["pid"], place["tid"])
            )


@given(schedule=schedules(), seed=seeds)
def test_flows_of_plan_and_run_have_different_numbers(schedule: Schedule, seed: int) -> None:
    numbers = Counter(event["id"] for event in traced(schedule, seed) if event["ph"] == "s")
    assert set(numbers.values()) <= {1}


@pytest.mark.parametrize("unit", ["ns", "us", "ms"])
def test_the_plan_is_shown_as_in_its_own_trace(unit: str) -> None:
    instance = make_instance(uniform_job(3, 4), devices=3).model_copy(update={"time_unit": unit})
    schedule = build_schedule(instance)
    ranks = len(schedule.instance.devices)
    events = measured_trace(schedule, ())["traceEvents"]
    assert [e for e in events if e["pid"] < ranks] == chrome_trace(schedule)["traceEvents"]


def test_ticks_are_as_long_as_the_busy_time_says() -> None:
    schedule = build_schedule(make_instance(uniform_job(3, 4), devices=3))
    trace = measured_trace(schedule, SimulatedRun(schedule, tick=4321).events())
    assert trace["otherData"]["tick_is_estimated"]
    assert trace["otherData"]["tick_nanoseconds"] == pytest.approx(4321)


def test_memory_ends_where_it_began() -> None:
    schedule = build_schedule(make_instance(uniform_job(3, 4), devices=3))
    counters = measured(traced(schedule, 0), schedule, "C")
    for rank in range(3):
        levels = [event["args"]["level"] for event in counters if event["pid"] == 3 + rank]
        assert levels[-1] == 0
        assert max(levels) == 3 - rank


@pytest.mark.parametrize("periods", [1, 3])
def test_a_trace_of_periods_is_read_with_the_schedule_that_has_the_period(
    periods: int, tmp_path: Path
) -> None:
    schedule = zero_idle_period(2, 3)
    carried_out = expanded(schedule, periods)
    file = tmp_path / "trace.json"
    file.write_text(json.dumps(measured_trace(carried_out, jittered(carried_out, 0))))
    found = read_measured(file, schedule)
    assert found.schedule == carried_out
    assert RunComparison.of(found.schedule, found.events).planned_makespan > 0
    with pytest.raises(InvalidFile, match="was measured with another schedule"):
        read_measured(file, zero_idle_period(2, 4))


def test_a_failed_run_leaves_a_trace_of_what_there_is(tmp_path: Path) -> None:
    schedule = build_schedule(make_instance(uniform_job(3, 4), devices=3))
    events = jittered(schedule, 0)
    file = tmp_path / "trace.json"
    for some in (events[:7], ()):
        file.write_text(json.dumps(measured_trace(schedule, some)))
        assert len(read_measured(file, schedule).events) == len(some)


def _without_format(trace: dict[str, Any]) -> None:
    del trace["otherData"]["format"]


def _other_schedule(trace: dict[str, Any]) -> None:
    trace["otherData"]["schedule"] = "0" * 16


def _in_last_event(**changes: Any) -> Callable[[dict[str, Any]], None]:
    def change(trace: dict[str, Any]) -> None:
        (last,) = [e for e in trace["traceEvents"] if e["ph"] == "X"][-1:]
        for key, value in changes.items():
            (last if key in last else last["args"])[key] = value

    return change


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (_without_format, "otherData.format: expected 'gapweave.measured/1', got none"),
        (_other_schedule, "otherData.schedule: was measured with another schedule"),
        (lambda trace: trace.pop("traceEvents"), "traceEvents: missing, expected a list"),
        (lambda trace: trace["traceEvents"].insert(0, 3), "traceEvents[0]: expected an object, got 3"),
        (_in_last_event(ts="now"), "ts: expected a number of microseconds, got 'now'"),
        (_in_last_event(ts=float("nan")), "ts: expected a number of microseconds, got nan"),
        (_in_last_event(dur=-1), "dur: expected a number of microseconds >= 0, got -1"),
        (_in_last_event(pid=99), "pid: expected an integer from 0 to 5, got 99"),
        (_in_last_event(args=None), "args: expected an object, got null"),
        (_in_last_event(job="nobody"), "args.job: expected one of 'job0', got 'nobody'"),
        (_in_last_event(stage=3), "args.stage: expected an integer from 0 to 2, got 3"),
        (_in_last_event(step=True), "args.step: expected an integer from 0 to 0, got true"),
        (_in_last_event(op="dance"), "args.op: expected one of 'run', 'send', 'post', 'take', got 'dance'"),
        (_in_last_event(kind="X"), "args.kind: expected one of 'F', 'B', 'W', 'O', got 'X'"),
        (_in_last_event(repetition=-1), "args.repetition: expected an integer from 0"),
    ],
)
def test_a_spoilt_trace_is_refused_by_field(
    spoil: Callable[[dict[str, Any]], Any], expected: str, tmp_path: Path
) -> None:
    schedule = build_schedule(make_instance(uniform_job(3, 4), devices=3))
    trace = json.loads(json.dumps(measured_trace(schedule, jittered(schedule, 0))))
    spoil(trace)
    file = tmp_path / "trace.json"
    file.write_text(json.dumps(trace))
    with pytest.raises(InvalidFile) as refused:
        read_measured(file, schedule)
    assert str(refused.value).startswith(f"{file}: ")
    assert expected in str(refused.value)


def test_a_trace_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    schedule = build_schedule(make_instance(uniform_job(3, 4), devices=3))
    file = tmp_path / "trace.json"
    with file.open("wb") as stream:
        stream.truncate(MAX_TRACE_BYTES + 1)
    with pytest.raises(InvalidFile, match="larger than 256 MiB"):
        read_measured(file, schedule)

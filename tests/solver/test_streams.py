"""Streams: which there are, where they are tried, and that what follows them keeps every rule."""

from collections import Counter
from typing import Any

import pytest
from schedule_factory import make_instance, uniform_job

from gapweave.models.instance import Instance
from gapweave.models.schedule import SolverRecord
from gapweave.models.verify import verify
from gapweave.solver.guided_climb import GuidedClimb
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.kernels import prepare_windows
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping
from gapweave.solver.streams import search, search_streams
from gapweave.solver.streams.follower import StreamFollower
from gapweave.solver.streams.stream import Turns, streams
from gapweave.solver.timetable import make_schedule


def unequal(
    *, devices: int = 3, capacity: int | None = 8, microbatches: int = 12, **changes: Any
) -> Instance:
    """A long and a short job in the same device order, with memory for 8 microbatches."""
    jobs = [
        uniform_job(devices, microbatches, forward, 2 * forward, forward_transfer=1, backward_transfer=1)
        for forward in (5, 3)
    ]
    jobs[1] |= changes
    return make_instance(*jobs, devices=devices, capacity=capacity)


def searched(instance: Instance, *, gap: float = 1.0) -> Incumbent:
    """What a search along streams finds, beside a schedule with this gap."""
    problem = Problem(instance)
    incumbent = Incumbent(problem, Stopping(), makespan=int(problem.bound.value * (1 + gap)))
    search_streams(problem, incumbent, Stopping(), seed=0, threads=2)
    return incumbent


def by_name(instance: Instance) -> dict[str, Turns]:
    """The streams that are tried on an instance."""
    return {stream.name: stream.turns for stream in streams(Problem(instance))}


def test_a_stream_has_every_microbatch_once_and_no_other_has_the_same_turns() -> None:
    found = by_name(unequal(devices=8))
    assert len(set(found.values())) == len(found)
    assert all(Counter(turns) == {0: 12, 1: 12} for turns in found.values())


def test_streams_are_in_turn_or_in_blocks() -> None:
    found = by_name(unequal(devices=8))
    assert found["stream: in turn"] == (0, 1) * 12
    assert found["stream: job 1 before, 4 first"] == (*[1] * 4, *[0] * 12, *[1] * 8)
    assert found["stream: job 1 around, 4 first"] == (*[1] * 4, *[0] * 6, *[1] * 4, *[0] * 6, *[1] * 4)
    ahead = found["stream: job 1 ahead, 4 first"]
    assert ahead[:4] == (1, 1, 1, 1)
    assert sorted(ahead[4:7]) == sorted(ahead[-3:]) == [0, 0, 1]
    both = found["stream: job 1 at both ends, 2 first"]
    assert both[:2] == both[-2:] == (1, 1)
    assert sorted(both[2:5]) == [0, 0, 1]


def test_streams_of_three_jobs_keep_the_others_together() -> None:
    third = uniform_job(8, 2, 4, 8)
    pair = unequal(devices=8)
    three = pair.model_copy(update={"jobs": (*pair.jobs, make_instance(third, devices=8).jobs[0])})
    halves = (*[0] * 6, 2)
    assert by_name(three)["stream: job 1 around, 4 first"] == (*[1] * 4, *halves, *[1] * 4, *halves, *[1] * 4)


@pytest.mark.parametrize(
    "instance",
    [unequal(devices=4), unequal(devices=4, stages=uniform_job(4, 12, 3, 6)["stages"][::-1])],
    ids=["same order", "opposite order"],
)
def test_what_follows_streams_keeps_every_rule(instance: Instance) -> None:
    incumbent = searched(instance)
    streams_found = [source for source in incumbent.by_source if source.startswith("stream: ")]
    assert len(streams_found) == len(by_name(instance))
    for found in incumbent.by_source.values():
        made = make_schedule(incumbent.problem, found.starts, SolverRecord(name="stream"), verify_it=False)
        assert verify(made) == []


def test_a_climb_goes_on_where_it_was_and_never_gets_worse() -> None:
    problem = Problem(unequal())
    scheduler = ListScheduler(problem.arrays, reserving=False)
    turns = streams(problem)[0].turns
    follow = StreamFollower(problem, scheduler, turns).run
    in_parts, at_once = (GuidedClimb(problem, follow, seed=0, drawn=15) for _ in range(2))
    makespans = []
    for _ in range(4):
        for _ in range(10):
            in_parts.step()
        makespans.append(in_parts.makespan)
    for _ in range(40):
        at_once.step()
    assert makespans == sorted(makespans, reverse=True)
    assert in_parts.makespan == at_once.makespan


@pytest.mark.parametrize(
    "instance",
    [
        unequal(capacity=None),
        unequal(stages=uniform_job(3, 12, 5, 10)["stages"]),
        unequal(devices=6, microbatches=500),
    ],
    ids=["without a limit", "equal jobs", "too many tasks"],
)
def test_streams_are_not_tried_where_they_do_not_help(instance: Instance) -> None:
    assert searched(instance).by_source == {}


def test_the_race_ends_where_all_streams_are_hopeless(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare_windows()  # once in a process, by a window of its own
    nodes: list[int] = []
    units: list[float] = []
    monkeypatch.setattr(search, "search_orders", lambda *_, effort, **__: nodes.append(effort))
    monkeypatch.setattr(
        "gapweave.solver.cpsat.improve_by_windows", lambda *_, work_limit, **__: units.append(work_limit)
    )
    searched(unequal(devices=8), gap=0.006)
    assert (len(nodes), len(units)) == (8, 0)
    searched(unequal(devices=8), gap=10.0)
    assert (len(nodes), len(units)) == (8 + 8 + 6 + 4, 6 + 4)
    assert max(units) <= 0.5


def test_streams_are_not_tried_where_little_is_to_be_gained() -> None:
    assert searched(unequal(), gap=0.004).by_source == {}

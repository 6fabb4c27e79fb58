"""Streams: which there are, where they are tried, and that what follows them keeps every rule."""

from collections import Counter
from typing import Any

import pytest
from schedule_factory import make_instance, uniform_job

from gapweave.models.instance import Instance
from gapweave.models.schedule import SolverRecord
from gapweave.models.verify import verify
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping
from gapweave.solver.streams import search_streams, streams
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


def test_a_stream_has_every_microbatch_once() -> None:
    found = dict(streams(Problem(unequal())))
    assert len(found) == 10
    assert all(Counter(stream) == {0: 12, 1: 12} for stream in found.values())
    assert found["stream of 4 of job 1"] == (*[1] * 4, *[0] * 12, *[1] * 8)


def test_what_follows_streams_keeps_every_rule() -> None:
    incumbent = searched(unequal())
    assert len([source for source in incumbent.by_source if source.startswith("stream of ")]) == 10
    for found in incumbent.by_source.values():
        made = make_schedule(incumbent.problem, found.starts, SolverRecord(name="stream"), verify_it=False)
        assert verify(made) == []


@pytest.mark.parametrize(
    "instance",
    [
        unequal(capacity=None),
        unequal(stages=uniform_job(3, 12, 5, 10)["stages"]),
        unequal(stages=uniform_job(3, 12, 3, 6)["stages"][::-1]),
    ],
    ids=["without a limit", "equal jobs", "opposite order"],
)
def test_streams_are_not_tried_where_they_do_not_help(instance: Instance) -> None:
    assert searched(instance).by_source == {}


def test_streams_are_not_tried_where_little_is_to_be_gained() -> None:
    assert searched(unequal(), gap=0.004).by_source == {}

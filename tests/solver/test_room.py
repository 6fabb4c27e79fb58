"""What a pinned primary leaves free: idle intervals and memory, against a count at every tick."""

from hypothesis import given
from hypothesis import strategies as st
from planning import planned
from random_problems import instances, law, unlimited, with_capacities
from schedule_factory import make_instance, uniform_job

from gapweave.models.idle import idle_intervals
from gapweave.models.instance import Instance
from gapweave.models.memory import Profile, memory_profiles
from gapweave.models.schedule import Schedule
from gapweave.solver.heuristics import heuristic
from gapweave.solver.job_alone import alone
from gapweave.solver.problem import Problem
from gapweave.solver.room import Room, free_capacities, rooms


def rooms_of_pinned_primary(instance: Instance) -> tuple[tuple[Room, ...], Schedule]:
    """Room beside the primary under the priority list, and the primary's schedule alone."""
    primary = alone(instance, 0, heuristic("priority-list")).as_primary()
    own = planned(instance.with_jobs(0), heuristic("priority-list"))
    return Problem(instance, "fill", primary).rooms, own


@law
@given(instances())
def test_idle_time_of_a_device_is_where_the_pinned_job_leaves_it_idle(instance: Instance) -> None:
    found, own = rooms_of_pinned_primary(unlimited(instance))
    gaps = [gap for gap in idle_intervals(own) if gap.end > gap.start]
    for device, room in enumerate(found):
        expected = [(gap.start, gap.end) for gap in gaps if gap.device == device]
        assert room.idle(own.makespan) == expected


@law
@given(instances(), st.integers(0, 9))
def test_memory_that_a_room_promises_stays_free_for_good(instance: Instance, spare: int) -> None:
    free = unlimited(instance)
    _, own = rooms_of_pinned_primary(free)
    profiles = memory_profiles(own)
    others = [
        taken - by_primary
        for taken, by_primary in zip(instance.resident_memory, own.instance.resident_memory, strict=True)
    ]
    capacities: list[int | None] = [
        max(level for _, level in profile) + taken + spare
        for profile, taken in zip(profiles, others, strict=True)
    ]
    primary = alone(free, 0, heuristic("priority-list")).as_primary()
    limited = Problem(with_capacities(instance, capacities), "fill", primary)
    for room, profile, taken, capacity in zip(limited.rooms, profiles, others, capacities, strict=True):
        for time in range(own.makespan + 2):
            assert _promised(room, time) + _highest_level_from(profile, time) + taken == capacity


def test_nothing_pinned_leaves_everything_free() -> None:
    arrays = Problem(make_instance(uniform_job(2, 3), devices=3, capacity=7)).arrays
    assert rooms(arrays) == (Room((), ((0, 7),)),) * 3
    assert rooms(arrays)[0].idle(10) == [(0, 10)]
    assert rooms(arrays)[0].final_memory == 7


def test_resident_memory_is_never_free() -> None:
    job = uniform_job(1, 1)
    job["stages"][0]["memory"] = {"resident": 5, "forward": 1, "backward": -1}
    assert free_capacities(make_instance(job, devices=2, capacity=7)) == [2, 7]
    assert free_capacities(make_instance(job, devices=2)) == [None, None]


def test_tasks_back_to_back_leave_no_gap() -> None:
    assert Room(busy=((0, 2), (2, 3), (5, 6))).idle(6) == [(3, 5)]
    assert Room(busy=((1, 2),)).idle(2) == [(0, 1)]


def _highest_level_from(profile: Profile, time: int) -> int:
    """The highest level at a time or any later one."""
    now = [level for since, level in profile if since <= time][-1]
    return max([now, *(level for since, level in profile if since > time)])


def _promised(room: Room, time: int) -> int:
    assert room.memory is not None
    return [amount for since, amount in room.memory if since <= time][-1]

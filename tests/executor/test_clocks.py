from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from random_schedules import schedules
from schedule_factory import build_schedule, make_instance, uniform_job
from simulated_run import SimulatedRun

from gapweave.executor.measured.clocks import aligned, clock_offsets
from gapweave.executor.measured.messages import messages
from gapweave.models.schedule import Schedule

offsets = st.lists(st.integers(-(10**9), 10**9), min_size=5, max_size=5)


@given(schedule=schedules())
def test_ranks_that_share_a_clock_keep_it(schedule: Schedule) -> None:
    events = SimulatedRun(schedule, slower_messages=lambda task: 10).events()
    assert aligned(events) == events


@given(shown=offsets)
def test_no_message_ends_before_it_began_once_clocks_are_aligned(shown: Sequence[int]) -> None:
    job = uniform_job(4, 3, forward_transfer=1, backward_transfer=1)
    schedule = build_schedule(make_instance(job, devices=4))
    run = SimulatedRun(schedule, offsets=dict(enumerate(shown)))
    assert all(send.begin <= take.end for send, take in messages(aligned(run.events())))


@given(shown=offsets)
def test_offsets_are_found_as_exactly_as_the_fastest_messages_tell(shown: Sequence[int]) -> None:
    travel = 1000
    job = uniform_job(4, 3, forward_transfer=1, backward_transfer=1)
    schedule = build_schedule(make_instance(job, devices=4))
    found = clock_offsets(SimulatedRun(schedule, offsets=dict(enumerate(shown))).events(), 4)
    longest_wait = schedule.makespan * 1000
    for rank, offset in enumerate(found):
        assert abs(offset - (shown[0] - shown[rank])) <= longest_wait + travel * rank

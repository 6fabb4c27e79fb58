"""What shaving knows of memory, against the definition, time by time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from random_problems import law
from schedule_factory import make_instance

from gapweave.instances.generator import make_instance as made
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.problem import Problem
from gapweave.solver.shaving import Refutation, Relaxation
from gapweave.solver.shaving.memory import raise_claims
from gapweave.solver.shaving.relaxation import Holds
from gapweave.solver.shaving.scratch import Side


@st.composite
def held_on_one_device(draw: st.DrawFn) -> tuple[Relaxation, Int64Array, Int64Array]:
    """Some jobs on one device whose memory does not hold them all, and times for all tasks."""
    jobs = [
        {
            "microbatches": draw(st.integers(1, 3)),
            "stages": [
                {"device": 0, "forward": draw(st.integers(1, 4)), "backward": 1}
                | {"memory": {"forward": amount, "backward": -amount}}
            ],
        }
        for amount in draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    ]
    instance = make_instance(*jobs, devices=1, capacity=draw(st.integers(4, 10)))
    relaxation = Relaxation.of(Problem(instance))
    nodes = len(relaxation.duration)
    times = st.lists(st.integers(0, 12), min_size=nodes, max_size=nodes)
    early = np.array(draw(times), dtype=np.int64)
    return relaxation, early, -(early + relaxation.duration + np.array(draw(times), dtype=np.int64))


def certain(relaxation: Relaxation, early: Int64Array, late: Int64Array, hold: int) -> range:
    """When a hold is there wherever its tasks run in their times."""
    claim, release = relaxation.holds.claim[hold], relaxation.holds.release[hold]
    return range(-late[claim] - relaxation.duration[claim], early[release] + relaxation.duration[release])


@law
@given(held_on_one_device())
def test_a_claim_is_moved_behind_the_last_time_that_has_no_room_for_it(
    held: tuple[Relaxation, Int64Array, Int64Array],
) -> None:
    relaxation, early, late = held
    holds = relaxation.holds
    amounts = dict(enumerate(holds.amount.tolist()))
    level = {
        time: sum(amounts[hold] for hold in amounts if time in certain(relaxation, early, late, hold))
        for time in range(-5, 40)
    }
    is_overfull = any(held > holds.free[0] for held in level.values())
    expected = early.copy()
    for hold, claim in enumerate(holds.claim):
        own = certain(relaxation, early, late, hold)
        before = range(early[claim], min(own.start, own.stop))
        full = [time for time in before if level[time] + amounts[hold] > holds.free[0]]
        expected[claim] = max([early[claim], *(time + 1 for time in full)])
    raised = early.copy()
    count = raise_claims(Side.of(relaxation), raised, late, 0, 0)
    assert (count < 0) == is_overfull
    if not is_overfull:
        assert raised.tolist() == expected.tolist()
        assert count == (expected > early).sum()


def test_memory_of_both_jobs_refutes_what_the_rest_does_not() -> None:
    instance = made(devices=4, microbatches=(4, 4), reversed_order=True, memory_microbatches=3, seed=1)
    problem = Problem(instance)
    relaxation = Relaxation.of(problem)
    none = Holds.of(Problem(made(devices=4, microbatches=(4, 4), reversed_order=True, seed=1)))
    horizon = round(1.01 * problem.bound.value)
    refutations = [
        Refutation(problem, known, horizon) for known in (relaxation, relaxation._replace(holds=none))
    ]
    for refutation in refutations:
        while not refutation.is_over:
            refutation.go_on(10**9)
    assert [refutation.is_refuted for refutation in refutations] == [True, False]


def test_devices_whose_memory_holds_everything_are_not_looked_at() -> None:
    instance = made(devices=2, microbatches=(2, 2), memory_microbatches=4, seed=1)
    assert len(Relaxation.of(Problem(instance)).holds.claim) == 0

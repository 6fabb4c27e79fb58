"""Merge: each job keeps its own order, memory is promised and kept, and pairs of one model are optimal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning import planned, planned_or_reason
from random_problems import instances, law

from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.models.task_arrays import Int64Array, TaskArrays
from gapweave.models.verify import verify
from gapweave.solver.heuristics import heuristic
from gapweave.solver.heuristics.merged_orders import merged_orders, order_alone
from gapweave.solver.heuristics.order_memory import fits_memory
from gapweave.solver.job_alone import best_alone, in_turn
from gapweave.solver.timing import earliest_starts

MERGE = heuristic("merge")
#: Pairs of one measured model in the same device order, with little memory and with twice as much.
TWINS = [f"zb-6.2b+6.2b-p8-m{count}-{memory}" for count in (24, 32, 64) for memory in ("1x", "2x")]


@pytest.mark.parametrize("name", [*TWINS, "zb-14.6b+14.6b-p16-m48-1x", "uniform-p8-m16-k2-cap16"])
def test_pairs_of_one_model_meet_the_lower_bound(name: str) -> None:
    assert planned(Instance.load(name), MERGE).status == "optimal"


@law
@given(instances(), st.data())
def test_orders_are_kept_and_memory_is_never_exceeded(instance: Instance, data: st.DataObject) -> None:
    """For any keys, offsets and precedence; every job alone fits into memory here."""
    arrays, jobs = TaskArrays.build(instance), range(len(instance.jobs))
    own = [order_alone(arrays, job, best_alone(instance, job)) for job in jobs]
    keys = data.draw(st.lists(st.integers(-5, 5), min_size=arrays.node_count, max_size=arrays.node_count))
    offsets = [job.release + data.draw(st.integers(0, 20)) for job in instance.jobs]
    merged = merged_orders(arrays, own, keys, offsets, data.draw(st.permutations(jobs)))
    assert fits_memory(arrays, merged)
    assert (earliest_starts(arrays, merged) >= 0).all()
    for job in jobs:
        for device, order in enumerate(merged):
            assert [node for node in order if arrays.job[node] == job] == own[job][device]


@law
@given(instances())
def test_the_verifier_accepts_it_wherever_every_job_fits_alone(instance: Instance) -> None:
    result = planned_or_reason(instance, MERGE)
    if isinstance(result, Schedule):
        assert verify(result) == []
    else:
        assert "alone" in result


@law
@given(instances())
def test_strict_precedence_ends_no_later_than_job_after_job(instance: Instance) -> None:
    """If tasks of the first job always go first, nothing is lost by letting the others begin sooner."""
    arrays, jobs = TaskArrays.build(instance), range(len(instance.jobs))
    alone = [best_alone(instance, job) for job in jobs]
    in_sequence = in_turn(arrays, alone)
    own = [order_alone(arrays, job, one) for job, one in zip(jobs, alone, strict=True)]
    merged = merged_orders(arrays, own, in_sequence.tolist())
    assert makespan(arrays, earliest_starts(arrays, merged)) <= sum(one.makespan for one in alone)


def makespan(arrays: TaskArrays, starts: Int64Array) -> int:
    return int((starts + arrays.duration).max())

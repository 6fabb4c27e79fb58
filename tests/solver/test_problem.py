"""One scheduling problem as solvers see it."""

import numpy as np
import pytest
from brute_force import least_makespan
from schedule_factory import make_instance, uniform_job
from tiny_instances import tiny_case

from gapweave.models.errors import Infeasible, InvalidOption
from gapweave.models.instance import Instance
from gapweave.models.schedule import Primary
from gapweave.solver.problem import Problem, refuse_impossible_memory


def is_refused(instance: Instance) -> bool:
    try:
        refuse_impossible_memory(instance)
    except Infeasible:
        return True
    return False


def test_memory_is_refused_exactly_if_there_is_no_schedule() -> None:
    refused = 0
    for seed in range(600):
        instance = tiny_case(seed).instance
        assert is_refused(instance) == (least_makespan(instance) is None), f"seed {seed}"
        refused += is_refused(instance)
    assert refused > 30


def test_memory_of_two_jobs_need_not_fit_at_once() -> None:
    refuse_impossible_memory(make_instance(uniform_job(2, 3), uniform_job(2, 3), devices=2, capacity=1))


def test_the_device_and_the_job_are_named() -> None:
    big = uniform_job(2, 1)
    big["stages"][1]["memory"] = {"forward": 7, "backward": -7}
    instance = make_instance(uniform_job(2, 1), big, devices=2, capacity=5)
    with pytest.raises(Infeasible, match=r"device 'gpu1'.*job 'job1' holds 7, only 5 is free"):
        refuse_impossible_memory(instance)


def test_stages_that_share_a_device_hold_their_memory_together() -> None:
    job = uniform_job(2, 1)
    job["stages"][1]["device"] = 0
    refuse_impossible_memory(make_instance(job, devices=1, capacity=2))
    with pytest.raises(Infeasible, match="holds 2, only 1"):
        refuse_impossible_memory(make_instance(job, devices=1, capacity=1))


def test_pinned_nodes_are_the_primarys() -> None:
    job = uniform_job(1, 2, optimizer_barrier=True)
    job["stages"][0]["optimizer"] = 3
    tasks = (("F", 0, 0, 0), ("F", 0, 1, 1), ("B", 0, 0, 4), ("B", 0, 1, 6), ("O", 0, None, 9))
    promise = Primary(source="test", makespan=12, limit=12, tasks=tasks)
    problem = Problem(make_instance(job, uniform_job(1, 1), devices=1), "fill", promise)
    assert problem.pinned is not None
    nodes = {str(problem.arrays.task(node)): start for node, start in enumerate(problem.pinned.tolist())}
    assert [start for name, start in nodes.items() if "of job 1" in name] == [-1, -1]
    assert nodes["O of job 0, stage 0"] == 9
    barrier = problem.arrays.node_count - 1
    assert problem.pinned[barrier] == 8
    assert problem.horizon == 12 + 3


def test_pinned_tasks_that_do_not_exist_are_refused() -> None:
    promise = Primary(source="test", makespan=3, limit=3, tasks=(("W", 0, 0, 0),))
    with pytest.raises(InvalidOption, match="not in 'made'"):
        _ = Problem(make_instance(uniform_job(1, 1), devices=1), "fill", promise).pinned


def test_makespans_are_ends() -> None:
    problem = Problem(make_instance(uniform_job(1, 1), uniform_job(1, 1), devices=1))
    starts = np.zeros(4, dtype=np.int64)
    for node in range(4):
        starts[node] = 10 * node
    ends = {
        problem.arrays.task(node).job: 10 * node + int(problem.arrays.duration[node]) for node in range(4)
    }
    assert problem.makespan(starts) == max(ends.values())
    assert [problem.job_makespan(starts, job) for job in (0, 1)] == [ends[0], ends[1]]

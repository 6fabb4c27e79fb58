"""Heads and tails: no less than the longest paths of the task graph, no more than any schedule shows."""

from random import Random

import networkx as nx
import numpy as np
import pytest
from rule_simulator import simulated_levels
from schedule_factory import make_instance, random_instance, random_schedule, uniform_job, with_capacity

from gapweave.models.bounds import HeadsTails, heads_and_tails
from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.models.task import Task
from gapweave.models.task_arrays import TaskArrays
from gapweave.models.task_graph import task_graph
from gapweave.models.verify import verify

ENTRY, EXIT = "entry", "exit"


def weighted_graph(instance: Instance, steps: tuple[int, ...]) -> "nx.DiGraph[Task | str]":
    """The task graph with microbatches in order, an entry and an exit; weights are negated times."""
    graph = task_graph(instance, steps)
    weighted: nx.DiGraph[Task | str] = nx.DiGraph()
    for task, node in graph.nodes.items():
        weighted.add_edge(ENTRY, task, weight=-instance.jobs[task.job].release)
        weighted.add_edge(task, EXIT, weight=-node["duration"])
        if task.microbatch:
            earlier = task._replace(microbatch=task.microbatch - 1)
            weighted.add_edge(earlier, task, weight=-graph.nodes[earlier]["duration"])
    for before, after, edge in graph.edges(data=True):
        weighted.add_edge(before, after, weight=-graph.nodes[before]["duration"] - edge["lag"])
    return weighted


def longest_paths(arrays: TaskArrays) -> tuple[list[int], list[int]]:
    """Length of the longest path to each node's start, and from its end; negated, they are shortest paths."""
    graph = weighted_graph(arrays.instance, arrays.steps)
    to_start = nx.single_source_bellman_ford_path_length(graph, ENTRY)
    from_start = nx.single_source_bellman_ford_path_length(graph.reverse(), EXIT)
    tasks = [arrays.task(node) for node in range(arrays.node_count)]
    durations = arrays.duration.tolist()
    return (
        [-to_start[task] for task in tasks],
        [-from_start[task] - duration for task, duration in zip(tasks, durations, strict=True)],
    )


def assert_shown_by(schedule: Schedule, arrays: TaskArrays, paths: HeadsTails) -> None:
    """A schedule whose microbatches run in order starts nothing before its head, and ends after its tails."""
    rows = {row.task: row for row in schedule.tasks}
    for node in range(arrays.task_count):
        row = rows[arrays.task(node)]
        assert row.start >= paths.head[node], str(row.task)
        assert schedule.makespan - row.end >= paths.tail[node], str(row.task)


@pytest.mark.parametrize("seed", range(60))
def test_they_are_no_less_than_the_longest_paths(seed: int) -> None:
    rng = Random(seed)
    instance = random_instance(rng)
    arrays = TaskArrays.build(instance, tuple(rng.randint(1, 2) for _ in instance.jobs))
    paths, (heads, tails) = heads_and_tails(arrays), longest_paths(arrays)
    assert (paths.head >= heads).all()
    assert (paths.tail >= tails).all()
    assert np.array_equal(paths.through, paths.head + arrays.duration + paths.tail)


@pytest.mark.parametrize("seed", range(60))
def test_with_one_microbatch_and_one_step_they_are_the_longest_paths(seed: int) -> None:
    document = random_instance(Random(seed)).to_document()
    for job in document["jobs"]:
        job["microbatches"] = 1
    arrays = TaskArrays.build(Instance.from_document(document))
    paths, (heads, tails) = heads_and_tails(arrays), longest_paths(arrays)
    assert paths.head.tolist() == heads
    assert paths.tail.tolist() == tails


@pytest.mark.parametrize("seed", range(300))
def test_no_schedule_starts_sooner_or_ends_sooner(seed: int) -> None:
    rng = Random(seed)
    schedule = random_schedule(rng, random_instance(rng))
    peaks = [max(levels.values()) for levels in simulated_levels(schedule)]
    schedule = with_capacity(schedule, *peaks)
    assert verify(schedule) == []
    arrays = TaskArrays.build(schedule.instance, schedule.steps)
    assert_shown_by(schedule, arrays, heads_and_tails(arrays))


def test_uniform_heads_are_those_of_the_first_wave() -> None:
    arrays = TaskArrays.build(make_instance(uniform_job(3, 4), devices=3))
    paths = heads_and_tails(arrays)
    heads = {arrays.task(node): int(paths.head[node]) for node in range(arrays.node_count)}
    assert all(heads[Task(0, 0, "F", s, m)] == s + m for s in range(3) for m in range(4))
    assert [heads[Task(0, 0, "B", s, 0)] for s in range(3)] == [7, 5, 3]


def test_a_stage_has_run_all_forwards_and_backwards_before_its_last_backward() -> None:
    arrays = TaskArrays.build(make_instance(uniform_job(1, 4), devices=1))
    paths = heads_and_tails(arrays)
    heads = {arrays.task(node): int(paths.head[node]) for node in range(arrays.node_count)}
    assert [heads[Task(0, 0, "B", 0, m)] for m in range(4)] == [1, 4, 7, 10]


def test_memory_for_one_microbatch_makes_forwards_wait_for_backwards() -> None:
    arrays = TaskArrays.build(make_instance(uniform_job(2, 3), devices=2, capacity=1))
    paths = heads_and_tails(arrays)
    heads = {arrays.task(node): int(paths.head[node]) for node in range(arrays.node_count)}
    assert [heads[Task(0, 0, "F", 0, m)] for m in range(3)] == [0, 6, 12]


def test_memory_for_one_microbatch_makes_backwards_end_before_later_microbatches() -> None:
    arrays = TaskArrays.build(make_instance(uniform_job(2, 3), devices=2, capacity=1))
    paths = heads_and_tails(arrays)
    tails = {arrays.task(node): int(paths.tail[node]) for node in range(arrays.node_count)}
    assert [tails[Task(0, 0, "B", 0, m)] for m in range(3)] == [12, 6, 0]


def test_memory_makes_weight_gradients_end_before_later_microbatches() -> None:
    """With F = B = W = 1 and 2 units of memory, of which W frees one, W[k] ends before F[k+2] starts."""
    stage = {"device": 0, "forward": 1, "backward": 1, "weight": 1}
    stage["memory"] = {"forward": 2, "backward": -1, "weight": -1}
    job = {"microbatches": 5, "stages": [stage]}
    arrays = TaskArrays.build(make_instance(job, devices=1, capacity=3))
    paths = heads_and_tails(arrays)
    tails = {arrays.task(node): int(paths.tail[node]) for node in range(arrays.node_count)}
    assert tails[Task(0, 0, "W", 0, 4)] == 0
    assert all(tails[Task(0, 0, "W", 0, m)] >= 1 + tails[Task(0, 0, "F", 0, m + 2)] for m in range(3))


def test_a_release_delays_heads_and_leaves_tails() -> None:
    job = uniform_job(2, 3)
    early, late = (
        heads_and_tails(TaskArrays.build(make_instance(job | {"release": release}, devices=2)))
        for release in (0, 9)
    )
    assert (late.head == early.head + 9).all()
    assert (late.tail == early.tail).all()

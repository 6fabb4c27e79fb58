"""The task DAG as a networkx graph, for analysis and for people."""

import networkx as nx

from gapweave.models.instance import Instance
from gapweave.models.task import Task
from gapweave.models.task_arrays import TaskArrays


def task_graph(instance: Instance, steps: tuple[int, ...] | None = None) -> "nx.DiGraph[Task]":
    """Build the DAG of all tasks.

    Parameters
    ----------
    instance
        The problem.
    steps
        Steps of each job (default: one each).

    Returns
    -------
    networkx.DiGraph
        Nodes are `Task` with attributes ``duration`` (ticks) and ``device`` (None for a milestone);
        edges have ``lag`` (ticks): the target starts no sooner than ``lag`` after the source's end.
    """
    arrays = TaskArrays.build(instance, steps)
    tasks = [arrays.task(node) for node in range(arrays.node_count)]
    graph: nx.DiGraph[Task] = nx.DiGraph(name=instance.name)
    graph.add_nodes_from(
        (task, {"duration": duration, "device": None if device < 0 else device})
        for task, duration, device in zip(
            tasks, arrays.duration.tolist(), arrays.device.tolist(), strict=True
        )
    )
    graph.add_edges_from(
        (tasks[source], tasks[target], {"lag": lag})
        for source, target, lag in zip(
            arrays.edge_source.tolist(), arrays.edge_target.tolist(), arrays.edge_lag.tolist(), strict=True
        )
    )
    return graph

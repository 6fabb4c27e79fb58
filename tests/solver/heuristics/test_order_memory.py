"""Memory of an order of tasks: the same as that of any schedule with this order."""

from hypothesis import given
from hypothesis import strategies as st
from made_pipelines import Layout, uneven_pipelines
from planning import planned
from random_problems import law

from gapweave.models.instance import Instance
from gapweave.models.metrics import measure
from gapweave.models.schedule import Schedule
from gapweave.models.task import KINDS
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.heuristics.order_memory import fits_memory, peak_memory
from gapweave.solver.heuristics.priority_list import PriorityList

LAYOUTS: list[Layout] = ["line", "interleaved", "v"]


@law
@given(st.sampled_from(LAYOUTS).flatmap(uneven_pipelines))
def test_the_peak_is_that_of_the_schedule(instance: Instance) -> None:
    schedule = planned(instance, PriorityList())
    arrays, orders = TaskArrays.build(instance), orders_of(schedule)
    peaks = [peak_memory(arrays, order) for order in orders]
    assert [peak + held for peak, held in zip(peaks, instance.resident_memory, strict=True)] == list(
        measure(schedule).peak_memory
    )
    assert fits_memory(arrays, orders)


def orders_of(schedule: Schedule) -> list[list[int]]:
    """Nodes of every device's tasks in order."""
    arrays = TaskArrays.build(schedule.instance)
    nodes = []
    for rows in schedule.tasks_by_device:
        blocks = [arrays.block(row.job, KINDS.index(row.kind), row.stage) for row in rows]
        nodes.append(
            [block.first + (row.microbatch or 0) for block, row in zip(blocks, rows, strict=True) if block]
        )
    return nodes

"""The longest stage span, and the choice by it."""

import numpy as np
from hypothesis import given
from made_pipelines import uneven_pipelines
from planning import planned
from random_problems import law

from gapweave.models.instance import Instance
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.heuristics.priority_list import PriorityList
from gapweave.solver.heuristics.spans import longest_span, shortest_span


@law
@given(uneven_pipelines("v"))
def test_the_span_is_measured_from_first_start_to_last_end_of_a_device(instance: Instance) -> None:
    arrays = TaskArrays.build(instance)
    starts = PriorityList().plan(arrays).starts
    rows = planned(instance, PriorityList()).tasks_by_device
    spans = [max(row.end for row in own) - min(row.start for row in own) for own in rows if own]
    assert longest_span(arrays, starts) == max(spans)


@law
@given(uneven_pipelines("line"))
def test_a_shorter_span_is_better_and_then_an_earlier_end(instance: Instance) -> None:
    arrays = TaskArrays.build(instance)
    starts = PriorityList().plan(arrays).starts
    stretched, late = np.where(starts == starts.max(), starts + 1, starts), starts + 1
    assert shortest_span(arrays, [late, starts]) is starts
    assert longest_span(arrays, stretched) >= longest_span(arrays, shortest_span(arrays, [stretched, late]))

"""Lines: from where the search goes on, beside the best schedule."""

import numpy as np

from gapweave import Instance
from gapweave.solver.improve import lines_beside
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping


def test_each_kind_of_source_has_one_line_the_best_one_first() -> None:
    problem = Problem(Instance.load("uniform-p8-m16-k2"))
    starts = np.arange(problem.arrays.node_count, dtype=np.int64)
    incumbent = Incumbent(problem, Stopping())
    ends = {"pattern": 5, "stream, 4 of job 0 before": 3, "stream, in turn": 2, "order search": 1, "list": 4}
    for source, later in ends.items():
        incumbent.offer(starts + later, source)
    makespans = [line.makespan for line in lines_beside(incumbent)]
    assert incumbent.makespan is not None
    assert makespans == [incumbent.makespan + more for more in (1, 3, 4)]

"""Pure decisions: whether a schedule ends by a given time.

References
----------
R. Klein, A. Scholl, "Computing lower bounds by destructive improvement", European Journal of Operational
Research 112 (1999), doi:10.1016/S0377-2217(97)00442-6: a limit that is refuted raises the lower bound.
"""

from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.cpsat.model import ScheduleModel
from gapweave.solver.cpsat.solvers import deciding, limit
from gapweave.solver.memory_forms import MemoryForm
from gapweave.solver.problem import Problem
from gapweave.solver.shaving.relaxation import Domains
from gapweave.solver.stopping import Stopping


@dataclass(frozen=True)
class Answer:
    """What became of a question: starts of a schedule, shape (nodes,), a refutation, or neither.

    Attributes
    ----------
    work
        Deterministic units that the answer took.
    """

    work: float = 0.0
    starts: Int64Array | None = None
    is_refuted: bool = False


class Decision(ScheduleModel):
    """Whether some schedule ends by ``horizon``: every start between its head and what its tail leaves."""

    def __init__(
        self,
        problem: Problem,
        horizon: int,
        seed: int,
        memory_form: MemoryForm = "holds",
        cut: Domains | None = None,
    ) -> None:
        super().__init__(problem, horizon, memory_form=memory_form, cut=cut)
        self.horizon = horizon
        self.solver = deciding(seed)

    def _define_makespan(self) -> None:
        """Nothing to minimise: the domains end where the horizon and the tails say."""

    def ask(self, budget: float, stopping: Stopping) -> Answer:
        """Search for so many deterministic units, or until it is time to stop."""
        if not self.build(stopping):
            return Answer()
        limit(self.solver, budget, self.problem.arrays.node_count, stopping)
        status = self.solver.solve(self.cp_model)
        work = self.solver.work
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            starts = [self.solver.value(start) for start in self.variables.start]
            return Answer(work, np.array(starts, dtype=np.int64))
        return Answer(work, is_refuted=status == cp_model.INFEASIBLE)

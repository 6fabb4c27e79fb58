"""CP-SAT for mode ``fill`` in steady state: whether steps fit between the primary's tasks, T being fixed.

Notation: ``t`` start, ``d`` duration, ``T`` period, ``o`` start of a primary task of a device, where a turn
of the device begins, so that no task runs across; ``x`` in [0, T - d] and turn ``q``: t = o + x + q T.
"""

from collections import defaultdict
from math import gcd
from typing import TypeAlias

import numpy as np
from ortools.sat.python import cp_model

from gapweave.models.task_arrays import Block, F, Int64Array
from gapweave.solver.cpsat.interruptible import solve_until
from gapweave.solver.cpsat.isolated import IsolatedSolver
from gapweave.solver.cpsat.solvers import searching
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.holds import Hold, holds_of
from gapweave.solver.steady.primary_step import PrimaryStep, primary_pins
from gapweave.solver.stopping import Stopping

#: Turns that a task can be in, if its job's first F on stage 0 is in turn 0 of its device.
_TURNS = (-2, 3)

Expression: TypeAlias = cp_model.LinearExpr | int


class FillModel:
    """The secondary jobs' tasks beside the primary's; complete: no schedule is left out.

    Parameters
    ----------
    graph
        All tasks, the primary's pinned.
    step
        The primary's step.

    Notes
    -----
    A job's last B on stage 0 ends at most T after its first F there (rule 7), so all its F and B run within
    T, and what follows B within 2 T; a turn of another device begins less than T earlier or later.
    """

    def __init__(self, graph: CyclicGraph, step: PrimaryStep) -> None:
        self.graph = graph
        self.cp_model = cp_model.CpModel()
        arrays = graph.arrays
        self.period = arrays.steps[0] * step.period
        self.pins = primary_pins(arrays, step)
        self._cut = self._cuts()
        self.start: list[Expression] = [0] * arrays.node_count
        self.image: dict[int, cp_model.IntVar] = {}
        self.turn: dict[int, Expression] = {}
        self._place()
        self._respect_edges()
        self._respect_devices()
        self._respect_memory()

    def hint(self, starts: Int64Array) -> None:
        """Begin the search near these times, shape (nodes,)."""
        for node, image in self.image.items():
            self.cp_model.add_hint(image, int((starts[node] - self._cut[node]) % self.period))

    def starts(self, solver: IsolatedSolver) -> Int64Array:
        """Return the times found, shape (nodes,)."""
        return np.array([solver.value(start) for start in self.start], dtype=np.int64)

    def _cuts(self) -> Int64Array:
        """Return for each node where its device's turn begins; shape (nodes,)."""
        arrays = self.graph.arrays
        cut = np.zeros(len(self.graph.instance.devices), dtype=np.int64)
        pinned = np.flatnonzero(self.pins >= 0)
        for node in pinned[::-1].tolist():
            cut[arrays.device[node]] = self.pins[node] % self.period
        cuts: Int64Array = np.where(arrays.device >= 0, cut[arrays.device.clip(min=0)], 0)
        return cuts

    def _place(self) -> None:
        """Every secondary task has an image and a turn; the primary's have their times."""
        arrays, model = self.graph.arrays, self.cp_model
        first, last = _TURNS
        for block in arrays.blocks:
            for node in block.nodes:
                if block.device < 0:
                    self.start[node] = model.new_int_var(first * self.period, (last + 2) * self.period, "")
                elif block.job == 0:
                    whole, _ = divmod(int(self.pins[node] - self._cut[node]), self.period)
                    self.start[node], self.turn[node] = int(self.pins[node]), whole
                else:
                    self._place_free(block, node)

    def _place_free(self, block: Block, node: int) -> None:
        """Times t = o + x + q T; a job is counted from the period in which its first F is in turn 0."""
        model = self.cp_model
        image = model.new_int_var(0, self.period - block.duration, f"x{node}")
        opening = (block.kind, block.stage, block.step) == (F, 0, 0) and node == block.first
        turn = 0 if opening else model.new_int_var(*_TURNS, f"q{node}")
        self.image[node], self.turn[node] = image, turn
        self.start[node] = int(self._cut[node]) + image + self.period * turn

    def _respect_edges(self) -> None:
        """Edges: t_j + h T >= t_i + w."""
        graph = self.graph
        columns = (graph.source, graph.target, graph.weight, graph.height)
        for source, target, weight, height in zip(*(column.tolist() for column in columns), strict=True):
            if graph.arrays.job[source] > 0 or graph.arrays.device[target] < 0:
                late = self.start[source] + weight - height * self.period
                self.cp_model.add_linear_constraint(self.start[target] - late, 0, 2**50)

    def _respect_devices(self) -> None:
        """The images on a device do not overlap, nor the primary's tasks."""
        arrays, model = self.graph.arrays, self.cp_model
        intervals = defaultdict(list)
        for node in range(arrays.task_count):
            interval = model.new_fixed_size_interval_var(self._image(node), int(arrays.duration[node]), "")
            intervals[int(arrays.device[node])].append(interval)
        for own in intervals.values():
            model.add_no_overlap(own)

    def _respect_memory(self) -> None:
        """What is claimed at x in turn p and freed at e in turn q: q - p - 1 always, from x, and until e."""
        for free, holds in zip(self.graph.room, holds_of(self.graph), strict=True):
            if free is not None and holds:
                self._limit(free, holds)

    def _limit(self, free: int, holds: list[Hold]) -> None:
        model = self.cp_model
        scale = gcd(*(amount for *_, amount in holds))
        always: list[Expression] = []
        intervals, demands = [], []
        for claim, release, amount in holds:
            always.append((amount // scale) * (self.turn[release] - self.turn[claim] - 1))
            end = self._image(release) + int(self.graph.arrays.duration[release])
            for begin, until in ((self._image(claim), self.period), (0, end)):
                size = model.new_int_var(0, self.period, "")
                intervals.append(model.new_interval_var(begin, size, until, ""))
                demands.append(amount // scale)
        base = model.new_int_var(-(2**40), free // scale, "")
        model.add(base == sum(always))
        model.add_cumulative(intervals, demands, free // scale - base)

    def _image(self, node: int) -> Expression:
        return self.image.get(node, int(self.pins[node] - self._cut[node]) % self.period)


def search_fill(
    model: FillModel, stopping: Stopping, *, workers: int, seed: int, work_limit: float | None
) -> tuple[Int64Array | None, bool]:
    """Return times that fit, if any were found, and whether there are none, proven."""
    solver = searching(workers, seed, work_limit)
    status = solve_until(solver, model.cp_model, lambda: bool(stopping))
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return model.starts(solver), False
    return None, status == cp_model.INFEASIBLE

"""The CP-SAT model of a window: some tasks of a schedule in any order, all others in the order they are in.

Outside the window the devices keep their orders, so what comes before gives each task inside an earliest
start, and what comes after a tail and a deadline. Memory outside holds in any case: it depends on the orders
alone.

Minimising the makespan would give no guidance, because mostly many paths are critical at once. Instead each
window asks for any schedule that reaches one of three goals, which is found, or refuted, in milliseconds.

Notation: ``s`` start, ``d`` duration, ``l`` lag, ``q`` tail, ``C`` makespan.
"""

from dataclasses import dataclass
from enum import Enum
from random import Random

import numpy as np
import numpy.typing as npt
from ortools.sat.python import cp_model

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.cpsat.isolated import IsolatedSolver
from gapweave.solver.cpsat.neighbourhoods import Window
from gapweave.solver.cpsat.variables import domain_of_starts
from gapweave.solver.cpsat.window_frame import Frame
from gapweave.solver.cpsat.window_memory import add_memory


class Goal(Enum):
    """What a window's new orders should reach."""

    #: A smaller makespan.
    SHORTER = "shorter"
    #: The same makespan, with fewer of the tasks that leave the window on a critical path.
    EARLIER_EXITS = "earlier exits"
    #: The same makespan, with fewer of the tasks that enter the window on a critical path.
    LATER_ENTRIES = "later entries"


@dataclass(frozen=True)
class Demand:
    """A goal, by how many ticks to reach it, and the share of the critical tasks that must."""

    goal: Goal
    ticks: int
    share: float


class WindowModel:
    """Starts of a window's tasks with which the whole schedule reaches a goal."""

    def __init__(self, window: Window, demand: Demand, rng: Random) -> None:
        self._window = window
        self._demand = demand
        self._rng = rng
        self._makespan = window.orders.makespan - (demand.ticks if demand.goal is Goal.SHORTER else 0)
        self._frame = Frame(window, self._makespan)
        self._starts: list[cp_model.IntVar] = []

    @property
    def size(self) -> int:
        """Number of starts to be found."""
        return len(self._frame.movable)

    def build(self) -> cp_model.CpModel | None:
        """Return the model; None if the goal is out of reach, or reached already, at first sight."""
        asked = self._ask()
        ranges = None if asked is None else self._frame.tightened(*asked)
        if ranges is None:
            return None
        model = cp_model.CpModel()
        if not self._create_starts(model, *ranges):
            return None
        self._respect_precedences(model)
        for number in range(len(self._window.parts)):
            self._run_one_task_at_a_time(model, number)
            add_memory(model, self._starts, self._frame, number, ranges)
        self._hint_starts(model)
        return model

    def _ask(self) -> tuple[Int64Array, Int64Array] | None:
        """Return the earliest and latest starts under the demand; None if nothing is asked for."""
        frame, goal = self._frame, self._demand.goal
        earliest, latest = frame.earliest, frame.latest_end - frame.duration
        if goal is Goal.EARLIER_EXITS:
            asked = self._asked(latest - frame.starts, frame.leaves)
            return None if asked is None else (earliest, latest - asked)
        if goal is Goal.LATER_ENTRIES:
            asked = self._asked(self._window.orders.latest_starts[frame.movable] - earliest, frame.enters)
            return None if asked is None else (earliest + asked, latest)
        return earliest, latest

    def _asked(self, slack: Int64Array, concerned: npt.NDArray[np.bool_]) -> Int64Array | None:
        """Return by how many ticks the limit of each start is tightened; None if no critical node is asked.

        A node that is as many ticks away from its limit as asked for stays so, a nearer one comes no nearer;
        some of those that are at their limit must leave it.
        """
        ticks = self._demand.ticks
        drawn = np.array([self._rng.random() for _ in range(len(slack))]) < self._demand.share
        must_leave = concerned & (slack <= 0) & drawn
        if not must_leave.any():
            return None
        kept = np.where(concerned, np.clip(slack, 0, ticks), 0)
        asked: Int64Array = np.where(must_leave, ticks, kept)
        return asked

    def _create_starts(self, model: cp_model.CpModel, earliest: Int64Array, latest: Int64Array) -> bool:
        """Create all starts, inside around the pinned tasks; returns False if no time is left for one."""
        ranges = list(zip(earliest.tolist(), latest.tolist(), self._frame.duration.tolist(), strict=True))
        for number in range(len(self._window.parts)):
            own = self._frame.nodes(number)
            gaps = self._gaps(number, int(earliest[own].min()), int(latest[own].max()))
            for _ in own:
                domain = domain_of_starts(*ranges[len(self._starts)], gaps)
                if domain.is_empty():
                    return False
                self._starts.append(model.new_int_var_from_domain(domain, ""))
        for first, last, _ in ranges[len(self._starts) :]:
            self._starts.append(model.new_int_var(first, last, ""))
        return True

    def _gaps(self, number: int, first: int, last: int) -> list[tuple[int, int]]:
        """Return when a part's device runs no pinned task, for starts from ``first`` to ``last``."""
        fixed = self._window.orders.graph.fixed
        device = fixed.device[self._frame.movable[self._frame.nodes(number)[0]]]
        own = slice(fixed.busy_ptr[device], fixed.busy_ptr[device + 1])
        begins, ends = fixed.busy_start[own], fixed.busy_end[own]
        near = slice(
            np.searchsorted(ends, first, side="right"), np.searchsorted(begins, last, side="right") + 1
        )
        gaps, now = [], first
        for begin, end in zip(begins[near].tolist(), ends[near].tolist(), strict=True):
            gaps.append((now, begin))
            now = end
        return [*gaps, (now, self._makespan)]

    def _respect_precedences(self, model: cp_model.CpModel) -> None:
        """s_1 + d_1 + l <= s_2 between nodes of the window."""
        duration = self._frame.duration.tolist()
        for source, target, lag in self._frame.precedences.tolist():
            model.add(self._starts[source] + (duration[source] + lag) <= self._starts[target])

    def _run_one_task_at_a_time(self, model: cp_model.CpModel, number: int) -> None:
        """No two intervals of one device overlap."""
        duration = self._frame.duration
        model.add_no_overlap(
            [
                model.new_fixed_size_interval_var(self._starts[place], int(duration[place]), "")
                for place in self._frame.nodes(number).tolist()
            ]
        )

    def _hint_starts(self, model: cp_model.CpModel) -> None:
        """The present starts are hints."""
        for start, now in zip(self._starts, self._frame.starts.tolist(), strict=True):
            model.add_hint(start, now)

    def answer(self, solver: IsolatedSolver) -> tuple[dict[int, Int64Array], Int64Array]:
        """Return the new order of each part, by its first position, and the starts of all nodes."""
        orders, movable = self._window.orders, self._frame.movable
        starts = orders.starts.copy()
        starts[movable] = [solver.value(start) for start in self._starts]
        segments = {}
        for number, (begin, _) in enumerate(self._window.parts):
            nodes = movable[self._frame.nodes(number)]
            segments[begin] = nodes[np.argsort(starts[nodes])]
        return segments, starts

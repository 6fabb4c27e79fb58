"""A race of streams: many are followed a little, the better ones more, the best ones are improved."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from typing import NamedTuple

from gapweave.solver.guided_climb import GuidedClimb
from gapweave.solver.incumbent import Incumbent, Line
from gapweave.solver.kernels import Preparation, prepare_windows
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.one_path import share_one_path
from gapweave.solver.order_search import MILD, search_orders
from gapweave.solver.problem import Problem
from gapweave.solver.room import free_capacities
from gapweave.solver.stopping import Stopping
from gapweave.solver.streams.follower import StreamFollower
from gapweave.solver.streams.stream import Stream, streams


class _Round(NamedTuple):
    """How the better contestants go on.

    Attributes
    ----------
    most
        How many of them.
    orders_effort, windows_effort
        For each one, per task: nodes that annealing looks at, and CP-SAT's deterministic units.
    """

    most: int
    orders_effort: int
    windows_effort: float


#: Most tasks for which a short annealing tells which streams are good.
_MOST_TASKS = 5_000
#: Gap from which on streams are tried.
_LEAST_GAP = 0.005
#: List schedules along every stream, and along the better half of each form.
_FIRST_SCHEDULES, _MORE_SCHEDULES = 40, 600
#: Of the first ones, how many have guides that are drawn.
_DRAWN = 15
#: Rounds of improving the best ones: how many, and the effort for each per task.
_ROUNDS = (
    _Round(most=8, orders_effort=5_000, windows_effort=0.0),
    _Round(most=6, orders_effort=5_000, windows_effort=0.0003),
    _Round(most=4, orders_effort=5_000, windows_effort=0.00045),
)
#: Effort for one in windows at most, however many tasks.
_MOST_WINDOWS_EFFORT = 0.5
#: The race is given up if after a round all gaps are so many times that of the best schedule before.
_HOPELESS = 1.5


class _Contestant:
    """A stream and the best schedule along it."""

    def __init__(self, incumbent: Incumbent, scheduler: ListScheduler, stream: Stream, seed: int) -> None:
        self.stream = stream
        self._incumbent = incumbent
        self._seed = seed
        follower = StreamFollower(incumbent.problem, scheduler, stream.turns)
        self._climb = GuidedClimb(incumbent.problem, follower.run, seed, drawn=_DRAWN)
        self._line: Line | None = None

    @property
    def makespan(self) -> float:
        """Of the best schedule, in ticks; infinite without one."""
        makespan = (self._line or self._climb).makespan
        return float("inf") if makespan is None else makespan

    def follow(self, schedules: int, stopping: Stopping) -> None:
        """Try so many more list schedules, and offer the best one."""
        for _ in range(schedules):
            if stopping:
                break
            self._climb.step()
        self._incumbent.offer(self._climb.starts, self.stream.name)

    def improve(self, effort: _Round, stopping: Stopping) -> None:
        """Improve the best one by annealing and by windows."""
        if self._climb.starts is None:
            return
        self._line = self._line or Line.beside(self._incumbent, self._climb.starts)
        problem, tasks = self._incumbent.problem, self._incumbent.problem.arrays.task_count
        nodes = effort.orders_effort * tasks
        search_orders(problem, self._line, stopping, self._seed, effort=nodes, passes=MILD)
        if effort.windows_effort:
            from gapweave.solver.cpsat import improve_by_windows  # OR-Tools takes a while to load

            units = min(effort.windows_effort * tasks, _MOST_WINDOWS_EFFORT)
            improve_by_windows(
                problem, self._line, stopping, workers=1, seed=self._seed, work_limit=units, persistent=True
            )
        self._incumbent.offer(self._line.starts, self.stream.name)


def search_streams(
    problem: Problem, incumbent: Incumbent, stopping: Stopping, seed: int, threads: int
) -> None:
    """Offer improved schedules along streams, if unequal jobs share memory.

    What it finds is worth going on from, even where better schedules are known.
    """
    if not _suits(problem) or (incumbent.gap is not None and incumbent.gap < _LEAST_GAP):
        return
    incumbent.enter("streams")
    hopeless = incumbent.lower_bound * (1 + _HOPELESS * (incumbent.gap or float("inf")))
    if not Preparation(prepare_windows).wait(stopping):
        return
    scheduler = ListScheduler(problem.arrays, reserving=not share_one_path(problem.instance))
    everyone = [_Contestant(incumbent, scheduler, stream, seed) for stream in streams(problem)]
    with ThreadPoolExecutor(threads) as pool:

        def each(contestants: Iterable[_Contestant], act: Callable[[_Contestant], None]) -> None:
            list(pool.map(act, contestants))

        each(everyone, partial(_Contestant.follow, schedules=_FIRST_SCHEDULES, stopping=stopping))
        better = _better_half_of_each_form(everyone)
        each(better, partial(_Contestant.follow, schedules=_MORE_SCHEDULES, stopping=stopping))
        for effort in _ROUNDS:
            better = _best_of_several_forms(better, effort.most)
            each(better, partial(_Contestant.improve, effort=effort, stopping=stopping))
            if all(own.makespan > hopeless for own in better):
                return


def _better_half_of_each_form(contestants: Iterable[_Contestant]) -> list[_Contestant]:
    """Return those to go on with: list schedules tell less about streams of different forms."""
    better: list[_Contestant] = []
    by_form = sorted(contestants, key=lambda own: (own.stream.form, own.makespan))
    for _, group in groupby(by_form, key=lambda own: own.stream.form):
        same_form = list(group)
        better += same_form[: (len(same_form) + 1) // 2]
    return better


def _best_of_several_forms(contestants: Iterable[_Contestant], most: int) -> list[_Contestant]:
    """Return the best ones, at most half of them of one form: which form leads on shows late."""
    chosen: list[_Contestant] = []
    by_makespan = sorted(contestants, key=lambda own: own.makespan)
    for own in by_makespan:
        if sum(other.stream.form == own.stream.form for other in chosen) < most // 2:
            chosen.append(own)
    rest = [own for own in by_makespan if own not in chosen]
    return [*chosen, *rest][:most]


def _suits(problem: Problem) -> bool:
    """Whether unequal jobs, all of them free, share limited memory, and there are not too many tasks."""
    return (
        problem.mode == "joint"
        and problem.primary is None
        and len({job.stages for job in problem.instance.jobs}) > 1
        and problem.arrays.task_count <= _MOST_TASKS
        and any(free is not None for free in free_capacities(problem.instance))
    )

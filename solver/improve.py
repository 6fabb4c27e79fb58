"""Improving the incumbent: a search on keys, then annealing of orders and CP-SAT windows in turn."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.incumbent import Found, Incumbent, Line
from gapweave.solver.kernels import Preparation, prepare_windows
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.local_search import search_keys
from gapweave.solver.options import Options
from gapweave.solver.order_search import HOT, MILD, search_orders, shaken
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping

#: Share of the remaining time after which the search on keys ends in any case.
_KEYS_SHARE = 0.05
#: Effort of a schedule's first round per task, in nodes looked at and in CP-SAT's deterministic units; it
#: doubles with every round that it has had.
_ORDERS_EFFORT, _WINDOWS_EFFORT = 20_000, 0.001
#: The same for any number of tasks, at most.
_MOST_ORDERS_EFFORT, _MOST_WINDOWS_EFFORT = 30_000_000, 1.5
#: Schedules of other origins that each further thread improves in turn, beside the best one.
_LINES = 2
#: A line whose gap is at most so many times that of the best schedule has as many rounds as it.
_NEAR = 1.5
#: Rounds, if nothing else ends the search: the last one of a large instance takes minutes.
_MOST_ROUNDS = 6


@dataclass(eq=False)
class _Subject:
    """A schedule that is improved.

    Attributes
    ----------
    rounds
        How many it has had.
    starts_before
        Its starts before the last one.
    """

    own: Incumbent
    rounds: int = 0
    starts_before: Int64Array | None = None

    @property
    def is_stuck(self) -> bool:
        """Whether it has had a round that has not improved it, and nothing has since."""
        return self.rounds > 0 and self.own.starts is self.starts_before

    @property
    def gap(self) -> float:
        """Of its makespan to the lower bound, as a share of the bound."""
        return self.own.gap or 0.0


class Improvement:
    """A search around the best schedule, in rounds; it can be interrupted and goes on where it was.

    The searches on orders and windows take turns, longer each time: what one of them cannot leave, the other
    often can. The best schedule and the lines near it have rounds in turn, as where they end shows late. What
    a round has not improved makes way: the best schedule for the lines, a line for one that begins anew, not
    far from the best schedule.
    """

    def __init__(self, problem: Problem, incumbent: Incumbent) -> None:
        self._problem = problem
        self._incumbent = incumbent
        self._rounds = 0
        self._most_lines = 0
        self._lines: list[_Subject] = []
        self._subject = self._best = _Subject(incumbent)

    def run(self, stopping: Stopping, options: Options, *, persistent: bool) -> None:
        """Search until the bound is met or it is time to stop.

        ``options.work_limit`` counts the windows' deterministic units.

        Parameters
        ----------
        persistent
            Whether to go on until it is time to stop, however long nothing helps.
        """
        if stopping or self._incumbent.is_optimal:
            return
        preparation = Preparation(prepare_windows)
        if not self._rounds:
            self._most_lines = _LINES * max(1, options.threads - 1)
            self._lines = [_Subject(line) for line in lines_beside(self._incumbent)[: self._most_lines]]
            self._search_keys(stopping.share(_KEYS_SHARE), options)
        if not preparation.wait(stopping):
            return
        left = float("inf") if options.work_limit is None else options.work_limit
        while persistent or self._rounds < _MOST_ROUNDS:
            if stopping or self._incumbent.is_optimal or left <= 0:
                return
            self._choose_subject(stopping, options.seed)
            self._search_orders(stopping, options)
            left -= self._free_windows(stopping, options, left)
            self._rounds += 1
            self._subject.rounds += 1

    def _search_keys(self, stopping: Stopping, options: Options) -> None:
        self._incumbent.enter("key search")
        scheduler = ListScheduler(self._problem.arrays, self._problem.pinned)
        search_keys(self._problem, self._incumbent, stopping, options.seed, scheduler)

    def _choose_subject(self, stopping: Stopping, seed: int) -> None:
        """Choose what to improve most: of the best schedule and the lines, what has had the fewest rounds."""
        best = self._best
        for line in self._lines:
            line.own.learn()
        if self._subject.is_stuck:
            self._lines = [line for line in self._lines if line is not self._subject]
            self._begin_line(stopping, seed)
        self._lines = [line for line in self._lines if line.own.starts is not best.own.starts]
        lines = [line for line in self._lines if best.is_stuck or line.gap <= _NEAR * best.gap]
        subjects = lines if best.is_stuck and lines else [best, *lines]
        self._subject = min(subjects, key=lambda subject: (subject.rounds, subject.gap))
        self._subject.starts_before = self._subject.own.starts

    def _begin_line(self, stopping: Stopping, seed: int) -> None:
        """Begin a line near the best schedule if there is room for one more."""
        if len(self._lines) >= self._most_lines:
            return
        starts = shaken(self._problem, self._incumbent, stopping, seed + 1_000 * self._rounds)
        if starts is not None:
            self._lines.append(_Subject(Line.beside(self._incumbent, starts)))

    def _search_orders(self, stopping: Stopping, options: Options) -> None:
        """Anneal orders in every thread: in one those of the subject, in the others those of lines.

        Hot and mild passes help on different instances, so rounds and threads have them in turn.
        """
        self._incumbent.enter("order search")
        subject, number = self._subject.own, self._subject.rounds
        effort = round(_effort(self._problem, _ORDERS_EFFORT, _MOST_ORDERS_EFFORT, number))
        others = [line.own for line in self._lines if line is not self._subject] or [subject]

        def search(thread: int) -> None:
            own = others[(self._rounds + thread - 1) % len(others)] if thread else subject
            seed = options.seed + 1_000 * self._rounds + thread
            passes = (HOT, MILD)[(self._rounds + thread) % 2]
            search_orders(self._problem, own, stopping, seed, effort=effort, passes=passes)

        with ThreadPoolExecutor(options.threads) as pool:
            list(pool.map(search, range(options.threads)))

    def _free_windows(self, stopping: Stopping, options: Options, left: float) -> float:
        """Free windows of the subject; returns the deterministic units that it may have taken."""
        if stopping or self._incumbent.is_optimal:
            return 0.0
        self._incumbent.enter("windows")
        from gapweave.solver.cpsat import improve_by_windows  # OR-Tools takes a while to load

        number = self._subject.rounds
        effort = min(left, _effort(self._problem, _WINDOWS_EFFORT, _MOST_WINDOWS_EFFORT, number))
        improve_by_windows(
            self._problem,
            self._subject.own,
            stopping,
            workers=options.threads,
            seed=options.seed + self._rounds,
            work_limit=effort,
            persistent=True,
        )
        return effort


def lines_beside(incumbent: Incumbent) -> list[Line]:
    """Return lines from the best schedule of each kind of source but the best of all, the best one first.

    Sources whose names begin alike, up to a comma, are of one kind: their schedules resemble each other.
    """
    kinds: dict[str, Found] = {}
    for source, own in incumbent.by_source.items():
        if own.starts is not incumbent.starts:
            kind = source.partition(",")[0]
            kinds[kind] = min(own, kinds.get(kind, own), key=lambda found: found.makespan)
    return [
        Line.beside(incumbent, own.starts) for own in sorted(kinds.values(), key=lambda own: own.makespan)
    ]


def _effort(problem: Problem, per_task: float, most: float, number: int) -> float:
    """Return the effort of a round; beyond the first twenty it no longer grows."""
    return min(per_task * problem.arrays.task_count, most) * (1 << min(number, 20))

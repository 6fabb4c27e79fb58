"""One number of steps of each job beside a primary, and what is found for it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from gapweave.models.instance import Instance
from gapweave.models.schedule import Bound, Primary
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.bounds import ProvenBound
from gapweave.solver.bounds.period import period_bound
from gapweave.solver.incumbent import OnProgress, Progress
from gapweave.solver.options import Options
from gapweave.solver.steady.construct import construct
from gapweave.solver.steady.cyclic_fill import CyclicFill
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent, found
from gapweave.solver.steady.primary_step import PrimaryStep, primary_pins
from gapweave.solver.steady.retime import Timed
from gapweave.solver.stopping import Stopping

#: Above this many free tasks CP-SAT is not asked whether they fit; its share of the time otherwise.
_MOST_TASKS_TO_DECIDE, _DECIDE_SHARE = 1_500, 0.7
#: Share of a start in mode ``joint`` before the primary's own schedule is filled.
_CONSTRUCT_SHARE = 0.5
#: Share of the time for a start, if there was none before.
_START_SHARE = 0.3
#: Greedy fills in a row without a better one, after which it is another one's turn.
_FRUITLESS_FILLS = 2_000

Improve = Callable[[CyclicGraph, SteadyIncumbent, Options, Stopping], None]


@dataclass(frozen=True, eq=False)
class Beside:
    """The problem of all candidates.

    Attributes
    ----------
    step
        The primary alone.
    primary
        What is promised to it.
    is_pinned
        Whether it keeps the step's times, in mode ``fill``.
    improve
        Improves a periodic schedule by all means.
    """

    instance: Instance
    step: PrimaryStep
    primary: Primary
    is_pinned: bool
    options: Options
    on_progress: OnProgress | None
    improve: Improve

    @property
    def pinned(self) -> PrimaryStep | None:
        """The step, if its times are kept."""
        return self.step if self.is_pinned else None

    @property
    def pace(self) -> int:
        """Ticks that each step of the primary may take."""
        return self.primary.limit


class Candidate:
    """Steps of each job, and the search for a schedule of them.

    Attributes
    ----------
    allowed
        The longest period that keeps the promise to the primary, in ticks.
    """

    def __init__(self, beside: Beside, steps: tuple[int, ...]) -> None:
        instance = beside.instance
        self.beside = beside
        self.steps = steps
        self.allowed = steps[0] * beside.pace
        arrays = TaskArrays.build(instance, steps)
        graph = pinned = CyclicGraph.of(arrays, primary_pins(arrays, beside.step))
        bound = ProvenBound(self.allowed, Bound(argument="pinned-primary"))
        if not beside.is_pinned:
            graph, bound = CyclicGraph.of(arrays), period_bound(instance, steps)
        self.incumbent = SteadyIncumbent(graph, Stopping(), bound, enough=self.allowed)
        self._fill = CyclicFill(pinned, beside.step, beside.options.seed)
        self._is_excluded = False

    @property
    def ratio(self) -> Fraction:
        """Secondary steps per step of the primary."""
        return ratio(self.steps)

    @property
    def is_met(self) -> bool:
        """Whether there is a schedule that keeps the promise."""
        return self.incumbent.period is not None and self.incumbent.period <= self.allowed

    @property
    def is_impossible(self) -> bool:
        """Whether there is none, proven."""
        return self._is_excluded or self.incumbent.proven.value > self.allowed

    @property
    def excess(self) -> float:
        """The best period as a multiple of the allowed one."""
        return float("inf") if self.incumbent.period is None else self.incumbent.period / self.allowed

    def start(self, stopping: Stopping) -> None:
        """Construct schedules; the primary's own one, filled, is a start in mode ``joint`` too."""
        self._listen(stopping)
        if not self.beside.is_pinned:
            share = stopping.share(_CONSTRUCT_SHARE)
            construct(self.incumbent.graph, self.incumbent, share, self.beside.options.seed)
        self.incumbent.enter("greedy fill")
        self._fill.run(self.incumbent, stopping, _FRUITLESS_FILLS)

    def improve(self, stopping: Stopping) -> None:
        """Search by all means, until the promise is kept or cannot be."""
        self._listen(stopping)
        if self.beside.is_pinned and not self.is_met:
            self._decide(stopping.share(_DECIDE_SHARE))
        if self.incumbent.best is None and not self.is_impossible:
            self.start(stopping.share(_START_SHARE))
        if not self.is_impossible:
            self.beside.improve(self.incumbent.graph, self.incumbent, self.beside.options, stopping)

    def shorten(self, stopping: Stopping) -> None:
        """Search for the least period, not only for one that keeps the promise."""
        self.incumbent.enough = None
        self.improve(stopping)

    def _decide(self, stopping: Stopping) -> None:
        """Let CP-SAT find out whether the steps fit, if their tasks are few enough."""
        graph, own = self.incumbent.graph, self.beside.options
        arrays = graph.arrays
        if int((arrays.job[: arrays.task_count] > 0).sum()) > _MOST_TASKS_TO_DECIDE or stopping:
            return
        from gapweave.solver.steady.fill_model import FillModel, search_fill  # OR-Tools takes a while to load

        self.incumbent.enter("cp-sat")
        model = FillModel(graph, self.beside.step)
        if self.incumbent.best is not None:
            model.hint(self.incumbent.best.timed.starts)
        starts, self._is_excluded = search_fill(
            model, stopping, workers=own.threads, seed=own.seed, work_limit=own.work_limit
        )
        if starts is not None:
            self.incumbent.offer(found(graph, Timed(model.period, starts), "cp-sat"))

    def _listen(self, stopping: Stopping) -> None:
        """Report to who wants to know, with the steps in the phase's name."""
        self.incumbent.stopping = stopping
        listener = self.beside.on_progress
        if listener is not None:
            name = ":".join(map(str, self.steps))

            def report(progress: Progress) -> None:
                listener(replace(progress, phase=f"steps {name}, {progress.phase}"))

            self.incumbent.on_progress = report


def ratio(steps: tuple[int, ...]) -> Fraction:
    """Return how many steps of the other jobs there are per step of the primary."""
    return Fraction(sum(steps[1:]), steps[0])

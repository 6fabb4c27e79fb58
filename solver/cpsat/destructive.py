"""Closing the gap from both ends: horizons between bound and best schedule are refuted or met."""

from dataclasses import dataclass, field, replace

from gapweave.models.bounds import SEARCH
from gapweave.models.schedule import Bound
from gapweave.solver.agenda import Agenda
from gapweave.solver.cpsat.crew import Crew
from gapweave.solver.cpsat.decision import Answer, Decision
from gapweave.solver.horizons import Question
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.stopping import Stopping

#: The phase's name, and the source of the schedules found here.
SOURCE = "cp-sat decisions"
#: Seconds that it mostly takes, kept back.
_RETURN = 0.1
#: Deterministic units that a question takes per node of its model, beyond those that CP-SAT counts.
_WORK_PER_NODE = 1e-6
#: Units of shaving before each question, as a share of its own.
_SHAVED = 0.25


def bisect(
    incumbent: Incumbent,
    stopping: Stopping,
    *,
    workers: int,
    seed: int,
    work_limit: float | None = None,
    agenda: Agenda | None = None,
    most_per_question: float = float("inf"),
) -> None:
    """Ask whether shorter schedules exist, until bound and best schedule meet or it is time to stop.

    Every thread asks about a horizon of its own; a refuted one raises the bound. Without a schedule there
    is nothing to ask.

    Parameters
    ----------
    agenda
        What was asked earlier, to go on from there.
    most_per_question
        Deterministic units beyond which no question is asked again.

    Raises
    ------
    InternalError
        CP-SAT refutes a horizon for which a schedule is known, or refuses a model.
    """
    if incumbent.starts is None or incumbent.is_optimal or stopping:
        return
    incumbent.enter(SOURCE)
    stopping = stopping.reserving(_RETURN)
    _Bisection(incumbent, seed, work_limit, agenda or Agenda(), most_per_question).run(
        stopping, workers, SOURCE
    )


@dataclass
class _Bisection(Crew):
    """Threads that each ask one question at a time; what they report after the end does not count."""

    incumbent: Incumbent
    seed: int
    work_limit: float | None
    agenda: Agenda
    most_per_question: float
    work: float = 0.0
    asked: int = 0
    open: dict[Question, Decision] = field(default_factory=dict)

    def take_turn(self, stopping: Stopping) -> bool:
        """Ask one question and keep the answer; returns whether to go on."""
        with self.lock:
            if self.is_over or self.incumbent.is_optimal or self._left <= 0 or stopping:
                return False
            assert self.incumbent.makespan is not None
            question = self.agenda.horizons.next(self.incumbent.lower_bound, self.incumbent.makespan)
            if question.budget > self.most_per_question:
                return False
            seed = self.seed + self.asked
            self.asked += 1
        answer = self._answer(question, seed, stopping)
        with self.lock:
            if stopping:
                self.agenda.horizons.withdraw(question)
            if self.is_over:
                return False
            self._keep(question, answer)
        return True

    def _answer(self, question: Question, seed: int, stopping: Stopping) -> Answer:
        """Shave the horizon, then let CP-SAT decide in the time that is left to the tasks."""
        cut, shaved, shaving = None, 0.0, self.agenda.shaving
        if shaving is not None:
            refutation, shaved = shaving.shave(question.horizon, _SHAVED * question.budget, stopping)
            if refutation.is_refuted:
                return Answer(shaved, is_refuted=True)
            cut = refutation.domains
        forms, problem = self.agenda.forms, self.incumbent.problem
        with self.lock:
            budget = min(question.budget, self._left - shaved)
            if budget <= 0 or not self._is_open(question.horizon):
                return Answer(shaved)
            form = forms.begin(budget)
            decision = Decision(problem, question.horizon, seed, form, cut)
            self.open[question] = decision
            self.busy.add(decision.solver)
        answer = decision.ask(budget, stopping)
        with self.lock:
            del self.open[question]
            self.busy.discard(decision.solver)
            is_answered = answer.is_refuted or answer.starts is not None
            forms.end(form, budget, answer.work, is_answered=is_answered)
        return replace(answer, work=answer.work + shaved)

    @property
    def _left(self) -> float:
        return float("inf") if self.work_limit is None else self.work_limit - self.work

    def _keep(self, question: Question, answer: Answer) -> None:
        """Raise the bound or offer the schedule; questions that are settled by that are left."""
        self.work += answer.work + _WORK_PER_NODE * self.incumbent.problem.arrays.node_count
        if answer.is_refuted:
            self.incumbent.raise_bound(question.horizon + 1, Bound(argument=SEARCH))
        if answer.starts is not None:
            self.incumbent.offer(answer.starts, SOURCE)
        for other, decision in self.open.items():
            if not self._is_open(other.horizon):
                decision.solver.stop_search()

    def _is_open(self, horizon: int) -> bool:
        assert self.incumbent.makespan is not None
        return self.incumbent.lower_bound <= horizon < self.incumbent.makespan

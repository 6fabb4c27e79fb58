"""Which rank failed first, at which action, and where the others were."""

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gapweave.executor.program import Action
from gapweave.executor.runtime.fault import RecordedFailure, described
from gapweave.executor.runtime.lost_rank import LOST
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.record import Record
from gapweave.models.errors import ExecutionFailed


@dataclass(frozen=True)
class RankState:
    """Where a rank was when a run failed.

    Attributes
    ----------
    repetition, recent
        The step in which it was, from 0 and with those of earlier runs, and its last actions up to the one
        under way; -1 and none before the first step.
    is_between
        Whether the step was complete and the next one not begun.
    exit
        Exit code of a process that ended without a word, negative for a signal; None of others.
    text
        What it said, or the last line of its log.
    in_action
        Whether ``text`` names the action itself.
    job
        The job whose own stage failed here; None if something else did.
    silent
        For how many seconds no rank had advanced when this one was ended for it; None of others.
    """

    rank: int
    repetition: int
    recent: tuple[Action, ...]
    failed: bool
    exit: int | None = None
    text: str = ""
    in_action: bool = False
    exit_code: int = ExecutionFailed.exit_code
    job: int | None = None
    silent: float | None = None
    is_between: bool = False

    @classmethod
    def of(
        cls, plan: Plan, rank: int, record: Record | None, report: Mapping[str, Any] | None
    ) -> "RankState":
        """Put together what a rank recorded and what was heard of it."""
        if record is None or record.repetition < 0:
            return cls(rank, -1, (), failed=report is not None, **(report or {}))
        last = min(record.action, len(plan.programs[rank].actions) - 1)
        is_between = record.completed > record.repetition
        repetition = record.resumed + record.repetition
        recent = plan.recent(rank, last)
        return cls(
            rank, repetition, recent, failed=report is not None, is_between=is_between, **(report or {})
        )

    @property
    def place(self) -> str:
        """The step and the action, in words."""
        if not self.recent:
            return "before its first step"
        if self.is_between:
            return f"after step {self.repetition + 1}"
        return described(self.recent[-1], self.repetition)

    def __str__(self) -> str:
        if self.in_action:
            return self.text
        if self.silent is not None:
            return f"rank {self.rank}, {self.place}: stands still, no rank advanced for {self.silent:.1f} s"
        if self.exit is None and self.failed:
            return f"rank {self.rank}: {self.text}"
        words = f": {self.text}" if self.text and self.failed and self.exit != -signal.SIGKILL else ""
        return f"rank {self.rank}, {self.place}{_ending(self.exit) if self.failed else ''}{words}"


class RunFailed(RecordedFailure):
    """A run on several processes failed.

    Attributes
    ----------
    first
        The rank that failed first, as far as it can be told.
    states
        All ranks.
    """

    def __init__(self, first: RankState, states: Sequence[RankState]) -> None:
        self.first = first
        self.states = tuple(states)
        self.exit_code = first.exit_code
        self.job = first.job
        super().__init__(str(first))


def first_failure(states: Sequence[RankState]) -> RankState:
    """Return the failure that the others followed from.

    Parameters
    ----------
    states
        Of ranks that failed, in the order in which they were heard of.
    """
    return min(states, key=_is_consequence)  # of equal ones the first


def _is_consequence(state: RankState) -> bool:
    """Whether a rank only missed another one; a rank that died without a word did not."""
    missed = ("lost rank", "came from rank", "taken by rank", LOST)
    return state.exit is None and any(words in state.text for words in missed)


def _ending(code: int | None) -> str:
    if code is None or code >= 0:
        return f": ended with code {code}"
    return f": killed by signal {-code} ({signal.Signals(-code).name})"

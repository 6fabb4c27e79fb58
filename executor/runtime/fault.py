"""What is said about an action that failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gapweave.executor.program import Action, Program
from gapweave.executor.runtime.outcome import Outcome
from gapweave.models.errors import ExecutionFailed, GapweaveError

if TYPE_CHECKING:
    from gapweave.executor.run_result import RunResult


class RecordedFailure(ExecutionFailed):
    """A run failed after it had begun.

    Attributes
    ----------
    outcome, result
        What was done and recorded until then.
    job
        The job in whose own task it failed, or whose stage made a message of another shape than was agreed
        on; None if the messages' way or processes failed.
    """

    outcome: Outcome | None = None
    result: "RunResult | None" = None
    job: int | None = None


class WrongMessage(ExecutionFailed):
    """A stage made tensors that differ in shape or type from what their receiver expects."""


class ActionFailed(RecordedFailure):
    """An action failed: names rank, step, action and reason.

    Attributes
    ----------
    index
        Place of the action in the program of the rank.
    repetition
        How often the program ran before, in earlier runs as well.
    """

    def __init__(self, program: Program, index: int, repetition: int, cause: BaseException) -> None:
        self.rank = program.rank
        self.index = index
        self.repetition = repetition
        self.action = program.actions[index]
        is_own = self.action.op == "run" or isinstance(cause, WrongMessage)
        self.job = self.action.job if is_own else None
        super().__init__(f"rank {self.rank}, {described(self.action, repetition)}: {reason(cause)}")


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn what a user's code raises into one line that names the place."""
    try:
        yield
    except GapweaveError:
        raise
    except (Exception, SystemExit) as exc:
        raise ExecutionFailed(f"{place}: {reason(exc)}") from exc


def described(action: Action, repetition: int) -> str:
    """Return for example ``step 4, 'take F j0 t0 s0 m3 <-0'``; steps count from 1, in all runs."""
    return f"step {repetition + 1}, '{action}'"


def reason(cause: BaseException) -> str:
    """Return on one line what is said of an exception."""
    text = " ".join(str(cause).split())
    return text if isinstance(cause, GapweaveError) else ": ".join(filter(None, (type(cause).__name__, text)))

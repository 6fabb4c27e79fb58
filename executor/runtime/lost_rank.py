"""What is said when the ranks of a run lose each other while all of them do something together."""

from collections.abc import Iterator
from contextlib import contextmanager

from gapweave.models.errors import ExecutionFailed

#: By these words a report is known to be of a consequence, not of the first cause.
LOST = "another rank was lost"


@contextmanager
def together(doing: str) -> Iterator[None]:
    """Name what was done when a collective operation lost a rank; other errors pass."""
    try:
        yield
    except BaseException as exc:  # torch's checkpoints raise no Exception
        if _is_lost_rank(exc):
            raise ExecutionFailed(f"{LOST} while {doing}") from exc
        raise


def _is_lost_rank(exc: BaseException) -> bool:
    """Whether the processes lost each other, which is no fault of the disk or of the user's code."""
    return not isinstance(exc, OSError) and ("gloo" in str(exc) or "NCCL" in str(exc))

"""Where every rank was when a run failed, as lines below the error."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gapweave.executor.runtime.failure_report import RankState

_TITLES = ("rank", "step", "action", "waits for", "before")


def rank_table(states: "Sequence[RankState]") -> str:
    """Return a row for each rank: step, action under way, the channel it waits on, and its last actions."""
    rows = [_TITLES, *(_row(state) for state in states)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _row(state: "RankState") -> tuple[str, ...]:
    if not state.recent:
        return f"{state.rank}", "", "before its first step", "", ""
    *before, last = map(str, state.recent)
    step = f"{state.repetition + 1}"
    if state.is_between:
        return f"{state.rank}", step, "complete", "", ", ".join((*before, last))
    return f"{state.rank}", step, last, _awaited(state), ", ".join(before)


def _awaited(state: "RankState") -> str:
    action = state.recent[-1]
    return f"rank {action.peer} (channel {action.peer} -> {state.rank})" if action.op == "take" else ""


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    def cells() -> Iterator[str]:
        for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
            yield cell.rjust(width) if number < 2 else cell.ljust(width)

    return f"  {'  '.join(cells())}".rstrip()

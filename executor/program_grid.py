"""Programs side by side, one line per rank, with one place marked."""

from collections.abc import Sequence

from gapweave.executor.program import Action, Program

_SIGNS = {"run": "", "send": ">", "post": "+", "take": "<"}


def program_grid(
    programs: Sequence[Program], rank: int, index: int, *, ranks: int = 8, actions: int = 9
) -> str:
    """Return the actions around one place, on its rank and the ranks beside it.

    A cell is a task (``F1.3``: forward of job 1, microbatch 3) or a message that it produced: ``>`` sent,
    ``+`` receive posted, ``<`` taken. The place is in brackets; each line shows as many actions before and
    after the same share of its program.
    """
    first = max(0, min(rank - ranks // 2, len(programs) - ranks))
    share = index / max(1, len(programs[rank].actions)) if 0 <= rank < len(programs) else 0.0
    lines = []
    for program in programs[first : first + ranks]:
        centre = index if program.rank == rank else int(share * len(program.actions))
        begin = max(0, centre - actions // 2)
        cells = [
            _cell(action, marked=program.rank == rank and number == index)
            for number, action in enumerate(program.actions[begin : begin + actions], start=begin)
        ]
        before = "..." if begin else "   "
        lines.append(f"rank {program.rank:3} {before} " + " ".join(f"{cell:>9}" for cell in cells))
    return "\n".join(lines)


def _cell(action: Action, marked: bool) -> str:
    number = "" if action.microbatch is None else f".{action.microbatch}"
    text = f"{_SIGNS[action.op]}{action.kind}{action.job}{number}"
    return f"[{text}]" if marked else text

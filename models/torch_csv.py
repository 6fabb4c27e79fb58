"""The schedule files of torch.distributed.pipelining: one row per rank, one cell per computation.

A cell is ``<stage><kind><microbatch>``: ``2F0`` the forward pass of microbatch 0 on stage 2, ``B`` a whole
backward pass, ``I`` and ``W`` its halves, the gradients of the inputs and of the weights. Empty cells are
idle time. Files that torch wrote may also name communication, which follows from the rest, and pairs of
computations that overlap.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gapweave.models.errors import InvalidSchedule
from gapweave.models.fields import shown

_COMPUTATION = re.compile(r"([0-9]{1,9})([FIWB])([0-9]{1,9})")
_COMMUNICATION = re.compile(r"[0-9]+(SEND_F|RECV_F|SEND_B|RECV_B|UNSHARD|RESHARD|REDUCE_GRAD)[0-9]*")
_OVERLAPPED = re.compile(r"\((.*)\)OVERLAP_F_B")
#: Largest file that is read.
_MAX_BYTES = 64 * 2**20


class Cell(NamedTuple):
    """One computation of a rank; ``kind`` is F, I, W or B in torch's meaning."""

    stage: int
    kind: str
    microbatch: int

    def __str__(self) -> str:
        return f"{self.stage}{self.kind}{self.microbatch}"


def write_cells(rows: Sequence[Sequence[Cell]]) -> str:
    """Return the text of a file, one line per rank."""
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


def read_cells(path: str | Path) -> list[list[Cell]]:
    """Read the computations of each rank in their order.

    Raises
    ------
    InvalidSchedule
        The file is missing or unreadable, or a cell is none; names row and column, counted from 1.
    """
    try:
        if Path(path).stat().st_size > _MAX_BYTES:
            raise InvalidSchedule("", f"is larger than {_MAX_BYTES} bytes", str(path))
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "is no text"
        raise InvalidSchedule("", f"cannot be read: {reason}", str(path)) from exc
    rows = [
        [
            cell
            for column, word in enumerate(row, start=1)
            for cell in _cells(word.strip(), f"row {number}, column {column}", str(path))
        ]
        for number, row in enumerate(_rows(text, str(path)), start=1)
    ]
    if not any(rows):
        raise InvalidSchedule("", "holds no computation", str(path))
    return rows


def _rows(text: str, path: str) -> list[list[str]]:
    try:
        return list(csv.reader(text.splitlines()))
    except csv.Error as exc:
        raise InvalidSchedule("", f"is no CSV: {exc}", path) from exc


def _cells(word: str, place: str, path: str) -> Iterator[Cell]:
    overlapped = _OVERLAPPED.fullmatch(word)
    parts = overlapped.group(1).split(";") if overlapped else [word]
    for part in map(str.strip, parts):
        matched = _COMPUTATION.fullmatch(part)
        if matched is not None:
            stage, kind, microbatch = matched.groups()
            yield Cell(int(stage), kind, int(microbatch))
        elif part and _COMMUNICATION.fullmatch(part) is None:
            raise InvalidSchedule(place, f"expected a cell such as 0F0, got {shown(part)}", path)

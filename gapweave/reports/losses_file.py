"""Losses of all jobs of a run, and their file: CSV with one row per job and training step."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from gapweave.models.errors import InvalidFile
from gapweave.models.fields import shown

COLUMNS = ("job", "step", "loss")
MAX_LOSSES_BYTES = 256 * 2**20


@dataclass(frozen=True)
class LossCurve:
    """The loss of one job in consecutive training steps, the first of which has the number ``first``."""

    job: str
    losses: tuple[float, ...]
    first: int = 1

    @property
    def steps(self) -> range:
        """The numbers of the training steps."""
        return range(self.first, self.first + len(self.losses))


def losses_csv(curves: Sequence[LossCurve]) -> str:
    """Return the file's text; numbers are written so that they read back as they are."""
    stream = StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(COLUMNS)
    for curve in curves:
        table.writerows(
            (curve.job, step, repr(loss)) for step, loss in zip(curve.steps, curve.losses, strict=True)
        )
    return stream.getvalue()


def read_losses(path: str | Path) -> list[LossCurve]:
    """Read what ``gapweave run --losses FILE.csv`` wrote.

    Raises
    ------
    InvalidFile
        The file is missing, unreadable, too large, or breaks the format; the text names file and line.
    """
    rows = list(csv.reader(StringIO(_text(path))))
    if not rows or rows[0] != list(COLUMNS):
        raise InvalidFile("line 1", f"expected {','.join(COLUMNS)}", str(path))
    found: dict[str, tuple[int, list[float]]] = {}
    for number, row in enumerate(rows[1:], start=2):
        try:
            job, step, loss = _parsed(row)
            first, losses = found.setdefault(job, (step, []))
            if step != first + len(losses):
                raise InvalidFile("step", f"expected {first + len(losses)}, got {step}")
        except InvalidFile as exc:
            raise InvalidFile(f"line {number}", f"{exc.field}: {exc.problem}", str(path)) from exc
        losses.append(loss)
    return [LossCurve(job, tuple(losses), first) for job, (first, losses) in found.items()]


def _text(path: str | Path) -> str:
    file = Path(path)
    try:
        if file.stat().st_size > MAX_LOSSES_BYTES:
            raise InvalidFile("", f"larger than {MAX_LOSSES_BYTES // 2**20} MiB", str(path))
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        raise InvalidFile("", f"cannot be read: {reason}", str(path)) from exc


def _parsed(row: Sequence[str]) -> tuple[str, int, float]:
    if len(row) != len(COLUMNS):
        raise InvalidFile("columns", f"expected {len(COLUMNS)}, got {len(row)}")
    job, step, loss = row
    if not (step.isascii() and step.isdigit() and len(step) < 16):
        raise InvalidFile("step", f"expected an integer >= 0, got {shown(step)}")
    try:
        value = float(loss)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InvalidFile("loss", f"expected a finite number, got {shown(loss)}")
    return job, int(step), value

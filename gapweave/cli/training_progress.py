"""The display while jobs train: on a terminal only, and on standard error."""

import sys
from collections import deque
from collections.abc import Mapping
from statistics import median
from types import TracebackType
from typing import TYPE_CHECKING, Self

from gapweave.cli.output import printable

if TYPE_CHECKING:
    from rich.progress import Progress

#: Steps of which the time of one is taken.
_LATEST = 20
_LONGEST_NAME = 24


class TrainingProgress:
    """Steps done, the loss of each job, the time of a step and the time that is left; a context manager.

    Parameters
    ----------
    steps
        How many there will be.
    done
        How many earlier runs have done.
    """

    def __init__(self, steps: int, done: int = 0) -> None:
        self.steps = steps
        self._done = done
        self._seconds: deque[float] = deque(maxlen=_LATEST)
        self._display: Progress | None = None

    def __enter__(self) -> Self:
        if sys.stderr is not None and sys.stderr.isatty():
            self._display = _display()
            self._display.add_task("starting", total=self.steps, completed=self._done)
            self._display.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._display is not None:
            self._display.stop()

    def update(self, step: int, losses: Mapping[str, float], seconds: float) -> None:
        """Show a step.

        Parameters
        ----------
        step
            Its number, from 1.
        losses
            Of each job, by its name.
        seconds
            How long it took.
        """
        self._done = step
        self._seconds.append(seconds)
        if self._display is not None:
            task = self._display.tasks[0].id
            self._display.update(task, completed=step, description=self.text(losses))

    def text(self, losses: Mapping[str, float]) -> str:
        """Return losses, time of a step and time left on one line."""
        shown = ", ".join(f"{printable(name)[:_LONGEST_NAME]} {loss:.4f}" for name, loss in losses.items())
        each = median(self._seconds)
        left = duration(each * max(0, self.steps - self._done))
        return f"loss {shown} · {duration(each)} per step · {left} left"


def duration(seconds: float) -> str:
    """Return a time as people say it: ``0.034 s``, ``2.5 s``, ``3:20 min``, ``2:05 h``."""
    if seconds < 1:
        return f"{seconds:.3f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02} h"


def _display() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("step"),
        MofNCompleteColumn(),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True, expand=False)

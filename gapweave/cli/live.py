"""The live line while a command works: on a terminal only, and on standard error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gapweave.solver.incumbent import Progress


@contextmanager
def live_line(start: str) -> Iterator[Callable[[str], None]]:
    """Show one line with a spinner and the elapsed time; yields a function that replaces its text."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        line = progress.add_task(start, total=None)
        yield lambda text: progress.update(line, description=text)


def progress_text(progress: "Progress", unit: str, value: str = "makespan") -> str:
    """Return incumbent, lower bound and gap on one line; ``value`` says what the incumbent is."""
    if progress.makespan is None or progress.gap is None:
        return f"{progress.phase}: no schedule yet, bound {progress.lower_bound:,} {unit}"
    return (
        f"{progress.phase}: {value} {progress.makespan:,} {unit}, bound {progress.lower_bound:,}, "
        f"gap {progress.gap:.2%}"
    )

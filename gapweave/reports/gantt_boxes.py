"""The boxes of a Gantt chart, gathered by colour: one outline for each job and kind, however many tasks."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.path import Path as Outline

from gapweave.models.task import KINDS, Kind, ScheduledTask

_CORNERS = 5


@dataclass(frozen=True)
class BoxGroup:
    """All tasks of one job and kind.

    Attributes
    ----------
    rows
        The tasks, in order of their starts.
    """

    job: int
    kind: Kind
    rows: tuple[ScheduledTask, ...]

    def outline(self, height: float) -> Outline:
        """Return all boxes as one path: x in ticks, y in rows, each box ``height`` rows high."""
        spans = np.array([(row.start, row.end) for row in self.rows], dtype=np.float64)
        centres = np.array([row.device for row in self.rows], dtype=np.float64)
        return rectangles(spans[:, 0], spans[:, 1], centres - height / 2, centres + height / 2)

    @property
    def narrowest(self) -> int:
        """Shortest duration in the group, in ticks."""
        return min(row.end - row.start for row in self.rows)


def group_boxes(rows: Iterable[ScheduledTask]) -> list[BoxGroup]:
    """Gather tasks by job and kind."""
    groups: dict[tuple[int, str], list[ScheduledTask]] = {}
    for row in rows:
        groups.setdefault((row.job, row.kind), []).append(row)
    jobs = sorted({job for job, _ in groups})
    return [
        BoxGroup(job, kind, tuple(groups[job, kind]))
        for job in jobs
        for kind in KINDS
        if (job, kind) in groups
    ]


def rectangles(
    left: npt.NDArray[np.float64],
    right: npt.NDArray[np.float64],
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
) -> Outline:
    """Return n rectangles as one compound path; all arguments have shape (n,)."""
    corners = np.empty((len(left), _CORNERS, 2))
    corners[:, :, 0] = np.stack([left, right, right, left, left], axis=1)
    corners[:, :, 1] = np.stack([low, low, high, high, low], axis=1)
    strokes = [Outline.MOVETO, Outline.LINETO, Outline.LINETO, Outline.LINETO, Outline.CLOSEPOLY]
    codes = np.tile(np.array(strokes, dtype=np.uint8), len(left))
    return Outline(corners.reshape(-1, 2), codes)

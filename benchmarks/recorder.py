"""The stopwatch of a run: every improvement with its time, written down at once."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TextIO

from benchmarks.runs import Point

_START = Point(0.0, None, None)


class Recorder:
    """Keeps the improvements of one method's run.

    Parameters
    ----------
    stream
        Takes each improvement as a JSON line, so that they outlive a method that has to be killed.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.points: list[Point] = []
        self._stream = stream
        self._begin = time.monotonic()
        # CP-SAT reports schedules and bounds from different threads.
        self._lock = threading.Lock()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begin

    def start(self) -> None:
        """Start the clock; what came before (imports, reading the instance) does not count."""
        self._begin = time.monotonic()

    def report(self, makespan: int | None = None, lower_bound: int | None = None) -> None:
        """Note a makespan or a bound, in ticks, if it is better than what was reported before."""
        with self._lock:
            last = self.points[-1] if self.points else _START
            point = _improved(last, Point(round(self.elapsed, 4), makespan, lower_bound))
            if point is not last:
                self.points.append(point)
                self._write(point)

    def _write(self, point: Point) -> None:
        if self._stream is not None:
            self._stream.write(json.dumps(point) + "\n")
            self._stream.flush()


def merged(trajectories: Iterable[Sequence[Point]]) -> tuple[Point, ...]:
    """Return the trajectory of several runs side by side: the best that any of them knew at each time."""
    points, last = [], _START
    for point in sorted((point for points in trajectories for point in points), key=lambda one: one.elapsed):
        better = _improved(last, point)
        if better is not last:
            points.append(better)
            last = better
    return tuple(points)


def _improved(last: Point, new: Point) -> Point:
    """Return the best of both at the time of the new one; ``last`` itself if nothing is better."""
    best = Point(
        new.elapsed,
        _better(min, last.makespan, new.makespan),
        _better(max, last.lower_bound, new.lower_bound),
    )
    return last if best[1:] == last[1:] else best


def _better(choose: Callable[[list[int]], int], old: int | None, new: int | None) -> int | None:
    known = [value for value in (old, new) if value is not None]
    return choose(known) if known else None

"""Runs made by hand, for tests of what is computed from them."""

from benchmarks.runs import Point, Request, Run, Setting

SETTING = Setting(time_limit=60.0, workers=2)


def make_run(
    *points: tuple[float, int | None, int | None],
    method: str = "gapweave",
    instance: str = "uniform-p8-m16-k2",
    status: str = "feasible",
    setting: Setting = SETTING,
    version: str = "1",
) -> Run:
    """A run with this trajectory, whose last point is its result."""
    trajectory = tuple(Point(*point) for point in points)
    last = trajectory[-1] if trajectory else Point(0.0, None, None)
    request = Request(instance, "problem", method, version, setting)
    return Run(request, status, last.makespan, last.lower_bound, last.elapsed, 100, trajectory)

"""Made trade-offs, so that tests of what reads them run no solver."""

from comparisons import pair, row
from schedule_factory import as_fill, build_schedule

from gapweave.models.schedule import Bound, Primary, Schedule
from gapweave.solver.pareto import ParetoFront, ParetoRow


def made_front() -> ParetoFront:
    """The primary as alone, a slack without use, one that nothing was found for, and no limit."""
    apart = pair()
    instance = apart.instance
    alone = build_schedule(instance.with_jobs(0)).model_copy(
        update={
            "lower_bound": apart.job_makespans["job0"],
            "bound": Bound(argument="search"),
            "status": "optimal",
        }
    )
    own = alone.makespan
    fill = as_fill(apart)
    joint = build_schedule(instance, offsets=(2, 0))
    rows = (
        _row(fill, own, apart.makespan, slack=0.0),
        _row(_limited(apart, own, 0.05), own, apart.makespan, slack=0.05),
        ParetoRow("solver", "joint", "unknown", slack=0.1, reason="nothing | <found>"),
        _row(joint, own, apart.makespan, slack=None),
    )
    return ParetoFront(instance, alone, apart.makespan, rows)


def _limited(schedule: Schedule, own: int, slack: float) -> Schedule:
    primary = Primary(source="solver", makespan=own, limit=int(own * (1 + slack)))
    return schedule.model_copy(update={"primary": primary})


def _row(schedule: Schedule, own: int, sequential: int, *, slack: float | None) -> ParetoRow:
    bound = schedule.makespan - 1
    bounded = schedule.model_copy(update={"lower_bound": bound, "bound": Bound(argument="search")})
    ends = schedule.job_makespans[schedule.instance.jobs[0].name]
    made = row(
        "solver",
        bounded,
        primary_delay=ends / own - 1,
        gain=sequential / schedule.makespan - 1,
        seconds=0.5,
    )
    return ParetoRow(**vars(made), slack=slack)

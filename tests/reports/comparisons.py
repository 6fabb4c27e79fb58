"""Made comparisons, so that tests of what reads them run no solver."""

from dataclasses import replace

from schedule_factory import as_fill, build_schedule, make_instance, uniform_job

from gapweave.models.metrics import measure
from gapweave.models.schedule import Bound, Schedule
from gapweave.solver.compare import Comparison
from gapweave.solver.rows import Row


def pair() -> Schedule:
    """Two jobs, one after the other."""
    return build_schedule(make_instance(uniform_job(3, 4), uniform_job(3, 2), devices=3, capacity=9))


def row(method: str, schedule: Schedule, **values: object) -> Row:
    """The row of a schedule, as a comparison makes it."""
    metrics = measure(schedule)
    made = Row(
        method,
        schedule.mode,
        schedule.status,
        makespan=schedule.makespan,
        lower_bound=schedule.lower_bound,
        bubble_rate=metrics.bubble_rate,
        stage_span_bubble_rate=metrics.stage_span_bubble_rate,
        primary_makespan=metrics.job_makespans[schedule.instance.jobs[0].name],
        peak_memory=max(metrics.peak_memory),
        schedule=schedule,
    )
    return replace(made, **values)  # type: ignore[arg-type]


def made_comparison() -> Comparison:
    """Job after job, the best schedule, one between them that delays nobody, and a method that fails."""
    apart = pair()
    instance = apart.instance
    joint = build_schedule(instance, offsets=(2, 0))
    joint = joint.model_copy(update={"lower_bound": joint.makespan - 1, "bound": Bound(argument="search")})
    late_start = iter([2])
    fill = as_fill(build_schedule(instance, offsets=(0, 6), delay=lambda: next(late_start, 0)))
    rows = (
        row("sequential", apart, primary_delay=0.0, gain=0.0, seconds=0.001),
        row("solver", joint, primary_delay=0.25, gain=apart.makespan / joint.makespan - 1, seconds=1.5),
        row("greedy-fill", fill, primary_delay=0.0, gain=apart.makespan / fill.makespan - 1, seconds=0.02),
        Row("1f1b", "joint", "not-applicable", reason="1f1b schedules one job | <this> has 2"),
    )
    assert joint.makespan < fill.makespan < apart.makespan
    return Comparison(instance, rows)

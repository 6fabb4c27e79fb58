"""How good a schedule is, computed from its tasks alone."""

from dataclasses import dataclass

from gapweave.models.memory import peak_memory
from gapweave.models.schedule import Schedule


@dataclass(frozen=True)
class Metrics:
    """Measures of one schedule. The two bubble rates have different denominators: never mix them.

    Attributes
    ----------
    makespan
        Latest end, in ticks; in steady state less the earliest start.
    job_makespans
        Latest end of each job, in ticks, by name.
    busy
        Ticks that each device works (in steady state: per period), shape (devices,).
    bubble_rate
        ``1 - sum(busy) / (devices x makespan)``, in steady state with the period T for the makespan.
    stage_span_bubble_rate
        The literature's rate: 1 - (work / devices used) / (longest span of one device, from its first start
        to its last end). For one job with one uniform stage per device this is exactly
        ``1 - M (F + B + W) / (longest stage span)``. In steady state, where a stage's span is the period, it
        is 1 - (work / devices used) / T.
    peak_memory
        Highest level of each device, in ``memory_unit``, shape (devices,).
    """

    makespan: int
    job_makespans: dict[str, int]
    busy: tuple[int, ...]
    bubble_rate: float
    stage_span_bubble_rate: float
    peak_memory: tuple[int, ...]


def measure(schedule: Schedule) -> Metrics:
    """Measure a schedule that keeps the rules; what its header says is not looked at."""
    busy = tuple(sum(row.end - row.start for row in rows) for rows in schedule.tasks_by_device)
    makespan = _makespan(schedule)
    horizon = makespan if schedule.period is None else schedule.period
    return Metrics(
        makespan=makespan,
        job_makespans=_job_makespans(schedule),
        busy=busy,
        bubble_rate=_idle_share(sum(busy), len(busy) * horizon),
        stage_span_bubble_rate=_stage_span_bubble_rate(schedule, sum(busy)),
        peak_memory=peak_memory(schedule),
    )


def throughput_gain(makespan: int, sequential: int) -> float:
    """Return how much more work per time gets done than job after job: ``sequential / makespan - 1``."""
    return sequential / makespan - 1


def _makespan(schedule: Schedule) -> int:
    latest = max((row.end for row in schedule.tasks), default=0)
    earliest = min((row.start for row in schedule.tasks), default=0)
    return latest if schedule.period is None else latest - earliest


def _job_makespans(schedule: Schedule) -> dict[str, int]:
    ends: dict[int, int] = {}
    for row in schedule.tasks:
        ends[row.job] = max(ends.get(row.job, 0), row.end)
    return {job.name: ends.get(index, 0) for index, job in enumerate(schedule.instance.jobs)}


def _stage_span_bubble_rate(schedule: Schedule, work: int) -> float:
    if schedule.period is not None:
        return _idle_share(work, sum(map(bool, schedule.tasks_by_device)) * schedule.period)
    spans = [
        max(row.end for row in rows) - min(row.start for row in rows)
        for rows in schedule.tasks_by_device
        if rows
    ]
    return _idle_share(work, len(spans) * max(spans, default=0))


def _idle_share(busy: int, total: int) -> float:
    return (total - busy) / total if total else 0.0

"""Rules 3 and 4: what must have ended, and arrived, before a task starts."""

from collections.abc import Iterator

from gapweave.models.verify.timetable import Block, Timetable, latest
from gapweave.models.verify.violation import Violation


def check_pipeline(table: Timetable) -> Iterator[Violation]:
    """Rule 3: ``start(F(s+1,m)) >= end(F(s,m)) + forward_lag(s)``, and likewise down the backward and W."""
    for number, job, step in table.job_steps():
        last = len(job.stages) - 1
        forward = [table.block(number, step, "F", s) for s in range(last + 1)]
        backward = [table.block(number, step, "B", s) for s in range(last + 1)]
        for s in range(last):
            yield from _in_order(forward[s], forward[s + 1], job.forward_lags[s])
            yield from _in_order(backward[s + 1], backward[s], job.backward_lags[s])
        yield from _in_order(forward[last], backward[last], 0)
        for s in range(last + 1):
            yield from _in_order(backward[s], table.block(number, step, "W", s), 0)


def check_optimizer(table: Timetable) -> Iterator[Violation]:
    """Rule 3: O(s) starts after every B and W of its stage, with ``optimizer_barrier`` of all stages."""
    for number, job, step in table.job_steps():
        if not any(stage.optimizer for stage in job.stages):
            continue
        ends = [latest(_backward_and_weight(table, number, step, s)) for s in range(len(job.stages))]
        if job.optimizer_barrier:
            ends = [latest(ends)] * len(ends)
        for s, before in enumerate(ends):
            yield from _in_order([before], table.block(number, step, "O", s), 0)


def check_release(table: Timetable) -> Iterator[Violation]:
    """Rule 4: ``start >= release``; with a period, ``release == 0``."""
    releases = [job.release for job in table.instance.jobs]
    if table.schedule.period is not None:
        for number, release in enumerate(releases):
            if release:
                yield Violation("4", f"job {number} is released at {release}, with a period it must be at 0")
    elif any(releases):
        for row in table.rows:
            if row.start < releases[row.job] > 0:
                yield Violation.at("4", row, f"starts before its job is released at {releases[row.job]}")


def _in_order(sources: Block, targets: Block, lag: int) -> Iterator[Violation]:
    """Rule 3, microbatch by microbatch: ``start(target) >= end(source) + lag``."""
    for source, target in zip(sources, targets, strict=False):
        if source is not None and target is not None and target.start < source.end + lag:
            arrival = f" and arrives at {source.end + lag}" if lag else ""
            yield Violation.at("3", target, f"starts before {source.task} ends at {source.end}{arrival}")


def _backward_and_weight(table: Timetable, job: int, step: int, stage: int) -> Block:
    return [*table.block(job, step, "B", stage), *table.block(job, step, "W", stage)]

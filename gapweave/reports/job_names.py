"""Jobs of several schedules as one legend shows them: by their index, which decides the hue."""

from collections.abc import Sequence

from gapweave.models.schedule import Schedule
from gapweave.models.task import KINDS, Kind
from gapweave.reports.captions import printable

_LONGEST_NAME = 28


def job_labels(schedules: Sequence[Schedule]) -> list[str]:
    """Return one label for each job index; where names differ between schedules, all of them.

    A wrong schedule may have tasks of jobs that its instance does not have.
    """
    count = 1 + max(
        max([len(schedule.instance.jobs) - 1, *(row.job for row in schedule.tasks)]) for schedule in schedules
    )
    labels = []
    for index in range(count):
        jobs = [one.instance.jobs[index] for one in schedules if index < len(one.instance.jobs)]
        names = dict.fromkeys(printable(job.name, _LONGEST_NAME) for job in jobs)
        labels.append(printable(" / ".join(names), 2 * _LONGEST_NAME) or f"job {index}")
    return labels


def occurring(schedules: Sequence[Schedule]) -> list[tuple[int, Kind]]:
    """Return every job index and kind of which there is a task, by job, then F, B, W, O."""
    found = {(row.job, row.kind) for schedule in schedules for row in schedule.tasks}
    jobs = sorted({job for job, _ in found})
    return [(job, kind) for job in jobs for kind in KINDS if (job, kind) in found]

"""From start times, whoever found them, to a gapweave schedule, which the verifier then judges."""

from collections.abc import Sequence

from benchmarks.recorder import Recorder
from gapweave import Schedule, ScheduledTask
from gapweave.models.schedule import Bound, SolverRecord, sort_tasks
from gapweave.models.task_arrays import TaskArrays


def peer_schedule(arrays: TaskArrays, starts: Sequence[int], peer: str, recorder: Recorder) -> Schedule:
    """Build the schedule of one step of every job.

    Parameters
    ----------
    starts
        Start of each task, in the order of ``arrays``; what follows (milestones) is ignored.
    recorder
        Knows the best bound that the peer reported, and is told the makespan.
    """
    instance = arrays.instance
    rows = [_row(arrays, node, starts[node]) for node in range(arrays.task_count)]
    makespan = max(row.end for row in rows)
    recorder.report(makespan)
    lower_bound = recorder.points[-1].lower_bound
    return Schedule(
        instance=instance,
        steps=arrays.steps,
        status="optimal" if makespan == lower_bound else "feasible",
        makespan=makespan,
        lower_bound=lower_bound,
        bound=None if lower_bound is None else Bound(argument="search"),
        job_makespans={
            job.name: max(row.end for row in rows if row.job == index)
            for index, job in enumerate(instance.jobs)
        },
        solver=SolverRecord(name=peer),
        tasks=sort_tasks(rows),
    )


def _row(arrays: TaskArrays, node: int, start: int) -> ScheduledTask:
    device, duration = int(arrays.device[node]), int(arrays.duration[node])
    return ScheduledTask(*arrays.task(node), device, start, start + duration)

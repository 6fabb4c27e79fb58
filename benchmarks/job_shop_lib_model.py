"""JobShopLib: each microbatch is a job of a classical job shop, forward through the stages and back.

It applies where nothing but chains and machines matters: no split backward, optimizer tasks, transfers,
releases, or memory that can run out. It cannot be told that microbatches are interchangeable.

References
----------
P. Ariño Sans, "Job Shop Lib", https://github.com/Pabloo22/job_shop_lib
"""

from functools import partial
from unittest.mock import patch

from job_shop_lib import JobShopInstance, Operation
from job_shop_lib import Schedule as PeerSchedule
from job_shop_lib.constraint_programming import ORToolsSolver
from job_shop_lib.exceptions import NoSolutionFoundError
from ortools.sat.python import cp_model

from benchmarks.cp_sat_recording import RecordingCpSolver
from benchmarks.device_memory import limited_memories
from benchmarks.methods import Schedules
from benchmarks.peer_schedule import peer_schedule
from benchmarks.recorder import Recorder
from benchmarks.runs import Setting
from gapweave import Instance, NotApplicable, Schedule
from gapweave.models.instance import Job
from gapweave.models.task_arrays import B, Block, F, TaskArrays


def load(name: str) -> Schedules:
    """Return the method."""
    return partial(_schedule, name)


def _schedule(name: str, instance: Instance, setting: Setting, recorder: Recorder) -> Schedule | None:
    arrays = TaskArrays.build(instance)
    _require_job_shop(arrays)
    chains = [
        [(block.first + microbatch, block.device, block.duration) for block in _chain(arrays, index)]
        for index, job in enumerate(instance.jobs)
        for microbatch in range(job.microbatch_count)
    ]
    shop = JobShopInstance([[Operation(device, ticks) for _, device, ticks in chain] for chain in chains])
    try:
        with patch.object(cp_model, "CpSolver", partial(RecordingCpSolver, setting, recorder)):
            found = ORToolsSolver().solve(shop)
    except NoSolutionFoundError:
        return None
    nodes = [[node for node, _, _ in chain] for chain in chains]
    return peer_schedule(arrays, _starts(found, nodes, arrays.node_count), name, recorder)


def _chain(arrays: TaskArrays, job: int) -> list[Block]:
    """Return the blocks that each microbatch of a job passes: F from the first stage on, B back to it."""
    stages = range(len(arrays.instance.jobs[job].stages))
    path = [*((F, stage) for stage in stages), *((B, stage) for stage in reversed(stages))]
    return [block for kind, stage in path if (block := arrays.block(job, kind, stage)) is not None]


def _starts(found: PeerSchedule, nodes: list[list[int]], count: int) -> list[int]:
    """Return the start of every node; ``nodes`` has the nodes of each of the peer's jobs, in order."""
    starts = [0] * count
    for row in found.schedule:
        for placed in row:
            operation = placed.operation
            starts[nodes[operation.job_id][operation.position_in_job]] = placed.start_time
    return starts


def _require_job_shop(arrays: TaskArrays) -> None:
    """Raise NotApplicable, with the reason, unless the instance is a classical job shop."""
    for job in arrays.instance.jobs:
        reason = _beyond_job_shop(job)
        if reason is not None:
            raise NotApplicable(f"a classical job shop has no {reason}")
    if limited_memories(arrays):
        raise NotApplicable("a classical job shop has no memory limit")


def _beyond_job_shop(job: Job) -> str | None:
    if any(stage.is_split for stage in job.stages):
        return "split backward"
    if any(stage.optimizer for stage in job.stages):
        return "optimizer tasks"
    if any(job.forward_lags) or any(job.backward_lags):
        return "transfers"
    return "release" if job.release else None

"""The schedule that a policy is expected to give one job, from durations alone, before anything runs."""

from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule, SolverRecord
from gapweave.solver.default_policy import DEFAULT_POLICY
from gapweave.solver.heuristics import heuristic
from gapweave.solver.job_alone import alone
from gapweave.solver.problem import Problem, refuse_impossible_memory
from gapweave.solver.timetable import make_schedule


def expected_schedule(instance: Instance, policy: str = DEFAULT_POLICY, job: int = 0) -> Schedule:
    """Schedule one job alone under a policy; its idle intervals are where other jobs may run.

    Parameters
    ----------
    instance
        The problem; the resident memory of its other jobs stays taken.
    policy
        Name of a single-job policy.
    job
        Index of the job (default: the primary).

    Raises
    ------
    InvalidOption
        No method has this name.
    NotApplicable
        The policy cannot schedule this job; the text says why.
    """
    refuse_impossible_memory(instance)
    own = alone(instance, job, heuristic(policy))
    return make_schedule(Problem(own.arrays.instance), own.starts, SolverRecord(name=policy))

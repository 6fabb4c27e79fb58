"""Schedules of the primary alone that repeat as fast as the best one, and leave other idle intervals.

Which of several equally good schedules the primary keeps decides what fits beside it: a policy leaves long
idle intervals where a search scatters them.
"""

from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.schedule import Bound
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.bounds import ProvenBound
from gapweave.solver.heuristics import single_job_policies
from gapweave.solver.job_alone import JobAlone
from gapweave.solver.options import Options
from gapweave.solver.steady.candidate import Improve
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent, found
from gapweave.solver.steady.primary_step import PrimaryStep
from gapweave.solver.steady.repeated import repeated
from gapweave.solver.stopping import Stopping

#: Policies that repeat in more than this many times the best period are not worth a try.
_SLOWEST = 1.2


def primary_choices(
    instance: Instance, best: PrimaryStep, options: Options, stopping: Stopping, improve: Improve
) -> list[PrimaryStep]:
    """Return the best step, and what every policy's step becomes when it is improved until it is as fast."""
    choices = {best.alone.starts.tobytes(): best}
    own = instance.with_jobs(0)
    graph = CyclicGraph.build(own)
    policies = list(single_job_policies().items())
    for number, (name, policy) in enumerate(policies):
        try:
            start = repeated(graph, policy.plan(graph.arrays).starts)
        except NotApplicable:
            continue
        if start is None or start.period > _SLOWEST * best.period:
            continue
        goal = ProvenBound(best.period, Bound(argument="pinned-primary"))
        incumbent = SteadyIncumbent(graph, stopping, goal)
        incumbent.offer(found(graph, start, name))
        improve(graph, incumbent, options, stopping.share(1 / (len(policies) - number)))
        reached = incumbent.best
        if reached is not None and reached.period == best.period:
            starts = reached.timed.starts
            step = PrimaryStep(JobAlone(best.alone.source, TaskArrays.build(own), starts), best.period)
            choices.setdefault(starts.tobytes(), step)
    return list(choices.values())

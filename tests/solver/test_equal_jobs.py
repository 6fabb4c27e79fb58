"""Equal jobs take turns: nothing is lost by that."""

from brute_force import least_makespan
from hypothesis import assume, given
from random_problems import costly_law, instances, law, tiny_instances, unlimited

from gapweave.models.instance import Instance
from gapweave.models.schedule import Primary, SolverRecord
from gapweave.models.verify import verify
from gapweave.solver.cpsat import improve_and_prove
from gapweave.solver.equal_jobs import equal_jobs, in_turns
from gapweave.solver.heuristics.priority_list import PriorityList
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping
from gapweave.solver.timetable import make_schedule


def doubled(instance: Instance) -> Instance:
    """The first job, and another one like it."""
    document = unlimited(instance).to_document()
    document["jobs"] = [document["jobs"][0] | {"name": name} for name in ("one", "two")]
    for device, free in zip(document["devices"], instance.devices, strict=True):
        device["memory_capacity"] = free.memory_capacity
    return Instance.from_document(document)


@law
@given(instances())
def test_jobs_that_take_turns_keep_every_rule_and_the_makespan(instance: Instance) -> None:
    problem = Problem(unlimited(doubled(instance)))
    starts = PriorityList().plan(problem.arrays).starts
    turns = in_turns(problem, starts)
    assert verify(make_schedule(problem, turns, SolverRecord(name="turns"), verify_it=False)) == []
    assert problem.makespan(turns) == problem.makespan(starts)
    assert sorted(turns.tolist()) == sorted(starts.tolist())


@costly_law
@given(tiny_instances())
def test_taking_turns_does_not_cost_the_optimum(instance: Instance) -> None:
    pair = doubled(instance)
    optimum = least_makespan(pair)
    assume(optimum is not None)
    problem, stopping = Problem(pair), Stopping(20.0)
    incumbent = Incumbent(problem, stopping)
    improve_and_prove(problem, incumbent, stopping, workers=1, seed=0)
    assert incumbent.is_optimal
    assert incumbent.makespan == optimum


@law
@given(instances())
def test_a_primary_that_is_promised_something_is_like_no_other_job(instance: Instance) -> None:
    pair = doubled(instance)
    assert equal_jobs(Problem(pair)) == [[0, 1]]
    assert equal_jobs(Problem(pair, "joint", Primary(source="test", makespan=9, limit=9))) == []

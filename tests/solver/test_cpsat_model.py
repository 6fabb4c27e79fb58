"""The CP-SAT model: complete hints, contradictions, and each family of constraints alone."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from random_problems import costly_law, instances, unlimited
from schedule_factory import make_instance, uniform_job

from gapweave.models.errors import Infeasible, InternalError
from gapweave.models.instance import Instance, Stage, StageMemory
from gapweave.models.schedule import Primary, SolverRecord
from gapweave.models.task_arrays import B, F, W
from gapweave.models.verify import verify
from gapweave.solver.cpsat import improve_and_prove
from gapweave.solver.cpsat.model import ScheduleModel
from gapweave.solver.held_memory import held_amounts
from gapweave.solver.heuristics.priority_list import PriorityList
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping
from gapweave.solver.timetable import make_schedule

#: Of a job whose two stages share a device; it takes 12, and no bound on a single task says so.
NOT_TO_BE_KEPT = Primary(source="test", makespan=12, limit=11)


def folded_job() -> dict[str, Any]:
    job = uniform_job(2, 2)
    job["stages"][1]["device"] = 0
    return job


def optimum(instance: Instance, **promise: Any) -> int | None:
    """The optimum by CP-SAT alone, of a schedule that keeps every rule."""
    problem, stopping = Problem(instance, **promise), Stopping(20.0)
    incumbent = Incumbent(problem, stopping)
    improve_and_prove(problem, incumbent, stopping, workers=1, seed=0)
    assert incumbent.is_optimal
    assert incumbent.starts is not None
    assert verify(make_schedule(problem, incumbent.starts, SolverRecord(name="cp-sat"))) == []
    return incumbent.makespan


def one_stage(**fields: Any) -> dict[str, Any]:
    return {"microbatches": 2, "stages": [{"device": 0, "forward": 2, "backward": 3} | fields]}


def test_one_device_takes_its_load() -> None:
    assert optimum(make_instance(one_stage(), one_stage(), devices=1)) == 2 * 2 * 5


def test_two_jobs_on_two_devices_do_not_meet() -> None:
    other = one_stage(device=1)
    assert optimum(make_instance(one_stage(), other, devices=2)) == 10


def test_a_transfer_takes_time_both_ways() -> None:
    job = uniform_job(2, 1, 1, 2, forward_transfer=10, backward_transfer=[100])
    assert optimum(make_instance(job, devices=2)) == 1 + 10 + 1 + 2 + 100 + 2


def test_a_transfer_inside_a_device_takes_none() -> None:
    job = uniform_job(2, 1, 1, 2, forward_transfer=10, backward_transfer=[100])
    job["stages"][1]["device"] = 0
    assert optimum(make_instance(job, devices=1)) == 6


def test_a_release_is_waited_for() -> None:
    assert optimum(make_instance(one_stage() | {"release": 7}, devices=1)) == 17


def test_a_weight_gradient_leaves_the_backward_of_the_stage_before_alone() -> None:
    job = uniform_job(2, 1, 1, 2)
    job["stages"][1] |= {"weight": 50, "memory": {}}
    assert optimum(make_instance(job, devices=2)) == 1 + 1 + 2 + 50


def test_an_optimizer_comes_last_on_its_stage() -> None:
    job = uniform_job(2, 1, 1, 2)
    job["stages"][0]["optimizer"], job["stages"][1]["optimizer"] = 5, 7
    assert optimum(make_instance(job, devices=2)) == max(1 + 1 + 2 + 7, 6 + 5)


def test_a_barrier_holds_every_optimizer_back() -> None:
    job = uniform_job(2, 1, 1, 2, optimizer_barrier=True)
    job["stages"][0]["optimizer"], job["stages"][1]["optimizer"] = 5, 7
    assert optimum(make_instance(job, devices=2)) == 6 + 7


def test_memory_for_one_microbatch_runs_them_one_by_one() -> None:
    job = uniform_job(3, 4)
    assert optimum(make_instance(job, devices=3, capacity=1)) == 4 * 9
    assert optimum(make_instance(job, devices=3)) == (4 + 3 - 1) * 3


def test_a_backward_that_claims_memory_waits_for_it() -> None:
    """B claims 2 on top of F's 1, all until W ends: only one microbatch at a time fits into 3."""
    memory = {"forward": 1, "backward": 2, "weight": -3}
    job = {
        "microbatches": 2,
        "stages": [
            {"device": 0, "forward": 1, "backward": 1, "weight": 1, "memory": memory},
            {"device": 1, "forward": 1, "backward": 1, "weight": 10, "memory": memory},
        ],
    }
    assert optimum(make_instance(job, devices=2, capacity=3)) == 1 + 2 * (1 + 1 + 10)


def test_pinned_tasks_are_gone_around() -> None:
    promise = Primary(source="test", makespan=10, limit=10, tasks=(("F", 0, 0, 3), ("B", 0, 0, 8)))
    instance = make_instance(uniform_job(1, 1), uniform_job(1, 2, 3, 4), devices=1)
    assert optimum(instance, mode="fill", primary=promise) == 17


def test_the_primarys_limit_is_kept() -> None:
    instance = make_instance(uniform_job(1, 2), uniform_job(1, 1, 7, 7), devices=1)
    for limit in (6, 9, 20):
        assert optimum(instance, primary=Primary(source="test", makespan=6, limit=limit)) == 20


def test_a_promise_that_cannot_be_kept_is_infeasible() -> None:
    with pytest.raises(Infeasible, match="exhaustive"):
        optimum(make_instance(folded_job(), devices=1), primary=NOT_TO_BE_KEPT)


@costly_law
@given(instances())
def test_hints_are_complete_and_inside_all_domains(instance: Instance) -> None:
    problem = Problem(unlimited(instance))
    starts = PriorityList().plan(problem.arrays).starts
    model = ScheduleModel(problem, problem.makespan(starts), starts)
    assert model.build(Stopping())
    proto = model.cp_model.proto
    hints = dict(zip(proto.solution_hint.vars, proto.solution_hint.values, strict=True))
    assert hints.keys() == set(range(len(proto.variables)))
    for index, variable in enumerate(proto.variables):
        bounds = list(variable.domain)
        windows = zip(bounds[::2], bounds[1::2], strict=True)
        assert any(low <= hints[index] <= high for low, high in windows)


def test_an_infeasible_answer_that_a_schedule_contradicts_is_an_internal_error() -> None:
    """A promise that no schedule keeps, beside a schedule that claims to."""
    problem = Problem(make_instance(folded_job(), devices=1), "joint", NOT_TO_BE_KEPT)
    incumbent = Incumbent(problem, Stopping())
    incumbent.starts, incumbent.makespan = np.zeros(8, dtype=np.int64), 13
    with pytest.raises(InternalError, match="report"):
        improve_and_prove(problem, incumbent, Stopping(10.0), workers=1, seed=0)


def test_it_stops_before_it_has_begun() -> None:
    stopping = Stopping()
    stopping.signal.set()
    incumbent = Incumbent(Problem(make_instance(uniform_job(2, 2), devices=2)), stopping)
    improve_and_prove(incumbent.problem, incumbent, stopping, workers=1, seed=0)
    assert incumbent.starts is None


@pytest.mark.parametrize(
    ("deltas", "expected"),
    [
        ((5, -5, None), [(F, B, 5)]),
        ((5, -3, -2), [(F, B, 3), (F, W, 2)]),
        ((5, 2, -7), [(F, W, 5), (B, W, 2)]),
        ((5, 0, -5), [(F, B, 0), (F, W, 5)]),
    ],
)
def test_held_memory_as_intervals(
    deltas: tuple[int, int, int | None], expected: list[tuple[int, ...]]
) -> None:
    forward, backward, weight = deltas
    memory = StageMemory(forward=forward, backward=backward, weight=weight or 0)
    stage = Stage(device=0, forward=1, backward=1, weight=None if weight is None else 1, memory=memory)
    assert held_amounts(stage) == expected

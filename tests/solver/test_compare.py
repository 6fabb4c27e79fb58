"""The comparison: one row for every method and mode, with bounds that hold for all rows of a mode."""

import json
import threading
from typing import Any, ClassVar, Literal

import numpy as np
import pytest
from random_problems import with_capacities
from schedule_factory import make_instance, uniform_job

from gapweave.models.bounds import heads_tails
from gapweave.models.errors import Infeasible, InvalidOption
from gapweave.models.instance import Instance
from gapweave.models.schedule import Primary
from gapweave.models.task_arrays import B, F, TaskArrays
from gapweave.models.verify import verify
from gapweave.solver.compare import Comparison, compare
from gapweave.solver.heuristics import Plan, heuristics, registry, with_variants
from gapweave.solver.rows import Row
from gapweave.solver.solve import solve

KEYS = {
    "method",
    "mode",
    "status",
    "makespan",
    "lower_bound",
    "gap",
    "bubble_rate",
    "stage_span_bubble_rate",
    "primary_makespan",
    "peak_memory",
    "seconds",
}


@pytest.fixture(scope="module")
def pair() -> Instance:
    return make_instance(uniform_job(4, 3), uniform_job(4, 4), devices=4, capacity=9)


@pytest.fixture(scope="module")
def comparison(pair: Instance) -> Comparison:
    return compare(pair, time_limit=6, workers=1)


def test_every_heuristic_and_every_mode_of_the_solver_has_a_row(comparison: Comparison) -> None:
    methods = [(row.method, row.mode) for row in comparison.rows]
    assert len(set(methods)) == len(methods) == len(with_variants()) + 2
    assert {method for method, _ in methods} == {*with_variants(), "solver"}
    assert {mode for method, mode in methods if method == "solver"} == {"joint", "fill"}


def test_the_document_has_the_promised_keys(comparison: Comparison) -> None:
    document = json.loads(json.dumps(comparison.to_document()))
    assert document["instance"] == "made"
    for row in document["rows"]:
        assert row.keys() >= KEYS
        assert ("reason" in row) == (row["status"] in ("not-applicable", "infeasible", "unknown"))


def test_methods_that_do_not_apply_say_why(comparison: Comparison) -> None:
    refused = {row.method: row.reason for row in comparison.rows if row.status == "not-applicable"}
    assert all(refused.values())
    assert all("one job" in (refused[policy] or "") for policy in ("1f1b", "gpipe"))
    assert all(row.makespan is None for row in comparison.rows if row.status == "not-applicable")


def found_rows(comparison: Comparison) -> list[Row]:
    return [row for row in comparison.rows if row.makespan is not None]


def test_rows_of_a_mode_share_its_best_bound(comparison: Comparison) -> None:
    for mode in ("joint", "fill"):
        rows = [row for row in found_rows(comparison) if row.mode == mode]
        assert len({row.lower_bound for row in rows}) == 1
        assert all(row.gap is not None and row.gap >= 0 for row in rows)
        assert all((row.gap == 0) == (row.status == "optimal") for row in rows)


def test_the_solver_is_no_worse_than_any_heuristic_of_its_mode(comparison: Comparison) -> None:
    best = {row.mode: row.makespan for row in comparison.rows if row.method == "solver"}
    assert all((row.makespan or 0) >= (best[row.mode] or 0) for row in found_rows(comparison))


def test_every_schedule_keeps_every_rule(comparison: Comparison) -> None:
    for row in found_rows(comparison):
        assert row.schedule is not None
        assert verify(row.schedule) == []
        assert row.schedule.makespan == row.makespan


def test_numbers_are_against_the_best_single_policy_and_job_after_job(comparison: Comparison) -> None:
    rows = {(row.method, row.mode): row for row in comparison.rows}
    sequential, filled = rows["sequential", "joint"], rows["greedy-fill", "fill"]
    assert sequential.gain == 0
    assert filled.primary_delay == 0
    assert filled.gain is not None
    assert filled.makespan is not None
    assert filled.gain == pytest.approx((sequential.makespan or 0) / filled.makespan - 1)


def test_one_job_is_not_compared_in_fill_mode() -> None:
    rows = compare(make_instance(uniform_job(3, 4), devices=3), time_limit=5, workers=1).rows
    assert [row.mode for row in rows if row.method == "solver"] == ["joint"]
    assert all(row.mode == "joint" for row in rows if row.method in ("1f1b", "gpipe"))


def test_methods_can_be_chosen(pair: Instance) -> None:
    rows = compare(pair, methods=["sequential", "priority-list"], time_limit=5).rows
    assert [row.method for row in rows] == ["sequential", "priority-list"]


@pytest.mark.parametrize("options", [{"methods": ["guess"]}, {"time_limit": 0}, {"placement": "upside-down"}])
def test_wrong_options_are_refused(pair: Instance, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption):
        compare(pair, **options)


def test_rows_are_told_as_they_come(pair: Instance) -> None:
    told: list[Row] = []
    rows = compare(pair, methods=["sequential", "greedy-fill"], on_row=told.append).rows
    assert [row.method for row in told] == [row.method for row in rows]
    assert all(row.seconds >= 0 for row in told)


def test_a_stop_leaves_the_remaining_methods_out(pair: Instance) -> None:
    event = threading.Event()
    rows = compare(pair, on_row=lambda row: event.set(), stop=event).rows
    assert len(rows) == 1


def test_an_impossible_instance_is_infeasible() -> None:
    with pytest.raises(Infeasible):
        compare(make_instance(uniform_job(2, 3), uniform_job(2, 3), devices=2, capacity=0))


class LateFill:
    """A user's heuristic: the primary begins at 100, the other job fits in before."""

    name: ClassVar[str] = "late-fill"
    jobs: ClassVar[Literal["single", "many"]] = "many"

    def plan(self, arrays: TaskArrays) -> Plan:
        primary = Primary(source="late", makespan=103, limit=103, tasks=(("F", 0, 0, 100), ("B", 0, 0, 101)))
        starts = {(0, F): 100, (0, B): 101, (1, F): 0, (1, B): 1}
        nodes = zip(arrays.job.tolist(), arrays.kind.tolist(), strict=True)
        return Plan(np.array([starts[node] for node in nodes], dtype=np.int64), primary)


def test_fills_around_different_primaries_share_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    known = dict(heuristics()) | {"late-fill": LateFill()}
    monkeypatch.setattr(registry, "heuristics", lambda: known)
    instance = make_instance(uniform_job(1, 1), uniform_job(1, 1), devices=1)
    rows = {row.method: row for row in compare(instance, methods=["late-fill", "greedy-fill"]).rows}
    assert (rows["late-fill"].makespan, rows["late-fill"].lower_bound) == (103, 103)
    assert (rows["greedy-fill"].makespan, rows["greedy-fill"].lower_bound) == (6, 6)


def test_every_placement_gets_its_own_rows_and_bounds() -> None:
    instance = make_instance(uniform_job(4, 3), uniform_job(4, 4), devices=4)
    rows = compare(instance, methods=["priority-list", "sequential"], placement="search").rows
    assert [(row.placement, row.method) for row in rows] == [
        (placement, method)
        for placement in ("given", "reversed", "rotated")
        for method in ("priority-list", "sequential")
    ]


@pytest.mark.parametrize("placement", ["same", "search"])
def test_memory_is_judged_as_placed(placement: Any) -> None:
    secondary = uniform_job(2, 1)
    for device, stage in zip((1, 0), secondary["stages"], strict=True):
        stage |= {"device": device, "memory": {"forward": 3 * device, "backward": -3 * device}}
    instance = with_capacities(make_instance(uniform_job(2, 1), secondary, devices=2), [9, 2])
    rows = compare(instance, methods=["priority-list"], placement=placement).rows
    assert any(row.placement == "same" and row.makespan for row in rows)


@pytest.mark.parametrize("slack", [None, 0.1])
def test_heads_and_tails_are_computed_once_for_all_who_need_them(
    pair: Instance, monkeypatch: pytest.MonkeyPatch, slack: float | None
) -> None:
    posed: list[TaskArrays] = []
    computed = heads_tails.heads_and_tails

    def counted(arrays: TaskArrays) -> heads_tails.HeadsTails:
        posed.append(arrays)
        return computed(arrays)

    monkeypatch.setattr(heads_tails, "heads_and_tails", counted)
    compare(pair, methods=[*with_variants()], time_limit=5)
    assert [arrays.instance for arrays in posed].count(pair) == 1
    posed.clear()
    solve(pair, primary_slack=slack, workers=1, time_limit=5)
    assert [arrays.instance for arrays in posed].count(pair) == 1

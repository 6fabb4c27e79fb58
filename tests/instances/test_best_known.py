"""Laws of the best results known."""

import pytest

from gapweave.instances import FOLDER, best_known, compact_json, names
from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.heuristics import heuristics

KEYS = ["lower_bound", "makespan", "bound", "method", "seconds", "date", "version"]
#: Instances up to this size are scheduled by every heuristic here.
MOST_TASKS = 1_000


@pytest.fixture(scope="module")
def results() -> dict[str, dict[str, object]]:
    found = best_known()
    if not found:
        pytest.skip("no results are known yet")
    return found


def test_results_are_about_shipped_instances_in_natural_order(results: dict[str, dict[str, object]]) -> None:
    assert list(results) == [name for name in names() if name in results]


def test_every_result_has_all_its_fields(results: dict[str, dict[str, object]]) -> None:
    assert {name: list(result) for name, result in results.items()} == dict.fromkeys(results, KEYS)


def test_no_bound_exceeds_its_makespan(results: dict[str, dict[str, object]]) -> None:
    for name, result in results.items():
        assert 0 < result["lower_bound"] <= result["makespan"], name  # type: ignore[operator]


def test_no_bound_exceeds_the_makespan_of_any_heuristic(results: dict[str, dict[str, object]]) -> None:
    for name, result in results.items():
        arrays = TaskArrays.build(Instance.load(name))
        if arrays.task_count > MOST_TASKS:
            continue
        for method in heuristics().values():
            try:
                ends = method.plan(arrays).starts + arrays.duration
            except NotApplicable:
                continue
            assert result["lower_bound"] <= ends.max(), (name, method.name)  # type: ignore[operator]


def test_the_file_is_written_the_compact_way(results: dict[str, dict[str, object]]) -> None:
    text = (FOLDER / "best_known.json").read_text(encoding="utf-8")
    assert text == compact_json.dumps(results) + "\n"

"""Heuristics are found by name, those of other packages too."""

from importlib.metadata import EntryPoint, entry_points
from typing import ClassVar

import pytest

from gapweave.models.errors import InvalidOption
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.heuristics import Heuristic, Plan, heuristic, heuristics, registry, single_job_policies
from gapweave.solver.heuristics.gpipe import GPipe


class OneByOne:
    """A user's heuristic."""

    name: ClassVar[str] = "one-by-one"
    jobs: ClassVar[str] = "single"

    def plan(self, arrays: TaskArrays) -> Plan:
        return GPipe().plan(arrays)


class Nothing:
    """No heuristic at all."""


def found_with(monkeypatch: pytest.MonkeyPatch, target: str) -> dict[str, Heuristic]:
    """The heuristics that would be known if another package registered ``target``."""
    entry = EntryPoint("mine", f"{__name__}:{target}", registry.GROUP)
    known = entry_points(group=registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [*known, entry])
    return heuristics.__wrapped__()


def test_the_built_in_ones_are_registered() -> None:
    assert set(heuristics()) >= {"1f1b", "gpipe", "sequential", "greedy-fill", "priority-list"}
    assert {"1f1b", "gpipe"} <= set(single_job_policies())


def test_single_job_policies_come_first() -> None:
    kinds = [method.jobs for method in heuristics().values()]
    assert kinds == sorted(kinds, key=["single", "many"].index)


def test_names_are_those_of_the_heuristics_themselves() -> None:
    assert all(name == method.name for name, method in heuristics().items())


def test_a_users_heuristic_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(found_with(monkeypatch, "OneByOne")["one-by-one"], OneByOne)


@pytest.mark.parametrize(("target", "problem"), [("Nothing", "lacks"), ("Missing", "cannot be loaded")])
def test_a_broken_heuristic_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, target: str, problem: str
) -> None:
    with pytest.raises(InvalidOption, match=f"'mine' {problem}"):
        found_with(monkeypatch, target)


def test_a_name_that_is_nearly_right_gets_a_proposal() -> None:
    with pytest.raises(InvalidOption, match="did you mean '1f1b'"):
        heuristic("1F1b")


def test_a_name_that_is_nothing_gets_the_list() -> None:
    with pytest.raises(InvalidOption, match="sequential"):
        heuristic("?")

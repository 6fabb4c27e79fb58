"""Long fuzzing, run by `make fuzz`: thousands of tiny instances, and every heuristic on the largest ones."""

import pytest
from planning import planned_or_reason
from shipped import SMALL
from test_brute_force import CASES, CHUNK, test_solving_agrees_with_exhaustive_search
from test_every_heuristic import METHODS, assert_keeps_every_rule, reads_as_a_reason

from gapweave.instances import names
from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.solver.heuristics import heuristics

pytestmark = pytest.mark.slow

# Imported for its body; collected under this module's mark it would run the same cases again.
_agree = test_solving_agrees_with_exhaustive_search
del test_solving_agrees_with_exhaustive_search


@pytest.mark.parametrize("first", range(CASES, CASES + 3_000, CHUNK))
def test_solving_agrees_with_exhaustive_search_on_thousands_of_instances(first: int) -> None:
    _agree(first)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", [name for name in names() if name not in SMALL])
def test_large_shipped_instances_are_scheduled_or_a_reason_is_given(name: str, method: str) -> None:
    result = planned_or_reason(Instance.load(name), heuristics()[method])
    if isinstance(result, Schedule):
        assert_keeps_every_rule(result)
    else:
        assert reads_as_a_reason(result)

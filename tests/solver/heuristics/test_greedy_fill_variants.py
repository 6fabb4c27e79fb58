"""Greedy fill with every single-job policy as the primary's."""

import pytest
from planning import planned_or_reason
from shipped import SMALL_WITH_SEVERAL_JOBS

from gapweave.models.errors import InvalidOption
from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.models.verify import verify
from gapweave.solver.expected import expected_schedule
from gapweave.solver.heuristics import heuristic, heuristics, single_job_policies, with_variants
from gapweave.solver.heuristics.greedy_fill import GreedyFill

VARIANTS = GreedyFill.variants()


def test_there_is_one_for_every_single_job_policy() -> None:
    assert [one.policy for one in VARIANTS.values()] == list(single_job_policies())
    assert VARIANTS["greedy-fill"].policy == "1f1b"
    assert VARIANTS["greedy-fill/zb-h1"].policy == "zb-h1"


def test_they_are_found_by_name_after_the_registered_ones() -> None:
    assert set(with_variants()) == set(heuristics()) | set(VARIANTS)
    assert heuristic("greedy-fill/gpipe").name == "greedy-fill/gpipe"


def test_a_variant_that_is_nearly_right_gets_a_proposal() -> None:
    with pytest.raises(InvalidOption, match="did you mean 'greedy-fill/zb-h1'"):
        heuristic("greedy-fill/zbh1")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", SMALL_WITH_SEVERAL_JOBS)
def test_the_primary_stays_where_its_policy_puts_it(name: str, variant: str) -> None:
    instance, method = Instance.load(name), VARIANTS[variant]
    result = planned_or_reason(instance, method)
    if isinstance(result, Schedule):
        assert verify(result) == []
        own = expected_schedule(instance, method.policy)
        assert {row for row in result.tasks if row.job == 0} == set(own.tasks)
    else:
        assert result == planned_or_reason(instance.with_jobs(0), heuristic(method.policy))

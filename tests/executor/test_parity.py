"""Running together and training alone end with the same parameters, bit by bit."""

from pathlib import Path

import pytest
from gloo_group import digests_of_processes
from parity_cases import STEPS, Case, combinations, combinations_on_processes

from gapweave.executor.parity import parity_with_training_alone
from gapweave.executor.runtime.all_ranks import run_in_process
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.outcome import Outcome
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.step_collector import StepCollector

OPTIONS = RunOptions(steps=STEPS, backend="in-process")


def run_together(case: Case) -> tuple[Plan, Outcome]:
    plan = Plan.of(case.schedule)
    collector = StepCollector(plan.schedule)
    return plan, run_in_process(plan, OPTIONS, case.jobs, collector, lambda: False)


def require_equal(plan: Plan, case: Case, digests: dict[str, str]) -> None:
    for parity in parity_with_training_alone(plan, OPTIONS, case.jobs, digests, STEPS):
        assert parity.parameters > 0
        assert not parity.differing, str(parity)


@pytest.mark.parametrize("case", combinations(), ids=str)
def test_jobs_that_run_together_end_as_they_do_alone(case: Case) -> None:
    plan, outcome = run_together(case)
    require_equal(plan, case, dict(outcome.digests))


@pytest.mark.parametrize("ranks", [2, 4])
def test_jobs_that_run_on_processes_end_as_they_do_alone(ranks: int, tmp_path: Path) -> None:
    cases = combinations_on_processes(ranks)
    for case, digests in zip(cases, digests_of_processes(ranks, tmp_path), strict=True):
        require_equal(Plan.of(case.schedule), case, digests)


def test_a_wrong_parameter_is_noticed() -> None:
    case = combinations()[2]
    plan, outcome = run_together(case)
    wrong = dict(outcome.digests)
    name = next(iter(wrong))
    wrong[name] = "0"
    parity = parity_with_training_alone(plan, OPTIONS, case.jobs, wrong, STEPS)
    assert [own.differing for own in parity if own.differing] == [(name,)]

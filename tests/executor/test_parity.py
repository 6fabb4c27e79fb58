"""Running together and training alone end with the same parameters, bit by bit."""

from pathlib import Path

import pytest
from gloo_group import digests_of_processes
from parity_cases import (
    HANDED_ON,
    STEPS,
    Case,
    combinations,
    combinations_on_processes,
    handing_on,
    handing_on_schedule,
)

from gapweave.executor.parity import parity_with_training_alone
from gapweave.executor.run import run
from gapweave.executor.runtime.all_ranks import run_in_process
from gapweave.executor.runtime.options import Backend, RunOptions
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


@pytest.mark.parametrize("backend", ["in-process", "one-gpu"])
@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
@pytest.mark.parametrize("what", HANDED_ON)
def test_neighbours_on_one_device_hand_on_nothing_that_the_next_message_overwrites(
    what: str, split: bool, backend: Backend
) -> None:
    """At a V turn and in blocks, when W of the neighbour comes late."""
    for devices in ([0, 1, 1, 0], [0, 1, 1, 1], [0, 0, 0, 1]):
        for where, late in [(1, 2), (2, 1)]:
            schedule = handing_on_schedule(devices, late, split)
            result = run(schedule, handing_on(what, where), steps=2, backend=backend, check=True)
            assert result.parity is not None
            assert not result.parity[0].differing, (devices, where, str(result.parity[0]))


def test_a_wrong_parameter_is_noticed() -> None:
    case = combinations()[2]
    plan, outcome = run_together(case)
    wrong = dict(outcome.digests)
    name = next(iter(wrong))
    wrong[name] = "0"
    parity = parity_with_training_alone(plan, OPTIONS, case.jobs, wrong, STEPS)
    assert [own.differing for own in parity if own.differing] == [(name,)]

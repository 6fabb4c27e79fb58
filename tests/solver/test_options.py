"""Options that do not exist or do not go together are refused before any work."""

import time
from typing import Any

import pytest
from schedule_factory import make_instance, uniform_job

from gapweave.models.errors import InvalidOption
from gapweave.models.schedule import Schedule
from gapweave.models.verify import Violation, verify
from gapweave.solver.solve import solve

WRONG: list[tuple[str, dict[str, Any]]] = [
    ("--objective", {"objective": "energy"}),
    ("--mode", {"mode": "beside"}),
    ("--primary-slack", {"primary_slack": -0.01}),
    ("--primary-slack", {"primary_slack": float("nan")}),
    ("--primary-slack", {"primary_slack": float("inf")}),
    ("--primary-slack", {"primary_slack": 0.1, "mode": "fill"}),
    ("--primary", {"primary": "1f1b"}),
    ("--primary", {"primary": "1f1b", "mode": "joint", "primary_slack": 0.1}),
    ("--placement", {"placement": "upside-down"}),
    ("--time-limit", {"time_limit": 0}),
    ("--time-limit", {"time_limit": -1.5}),
    ("--time-limit", {"time_limit": float("nan")}),
    ("--time-limit", {"time_limit": float("inf")}),
    ("--time-limit", {"time_limit": "60"}),
    ("--work-limit", {"work_limit": 0}),
    ("--primary-slack", {"primary_slack": 1e300}),
    ("--workers", {"workers": 1.5}),
    ("--workers", {"workers": True}),
    ("--seed", {"seed": 0.5}),
    ("--workers", {"workers": 0}),
    ("--workers", {"workers": -2}),
    ("--seed", {"seed": -1}),
    ("--seed", {"seed": 2**31}),
    ("no method is named 'guess'", {"mode": "fill", "primary": "guess"}),
    ("did you mean 'gpipe'", {"mode": "fill", "primary": "gpip"}),
]


@pytest.mark.parametrize(("named", "options"), WRONG, ids=lambda value: str(value))
def test_a_wrong_option_is_named(named: str, options: dict[str, Any]) -> None:
    instance = make_instance(uniform_job(2, 2), uniform_job(2, 2), devices=2)
    with pytest.raises(InvalidOption, match=named) as caught:
        solve(instance, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("seed", [0, 2**31 - 1])
def test_seeds_at_the_limits_are_fine(seed: int) -> None:
    assert solve(make_instance(uniform_job(2, 2), devices=2), seed=seed, workers=1).status == "optimal"


def test_the_file_tells_what_was_asked_for() -> None:
    record = solve(make_instance(uniform_job(2, 2), devices=2), workers=1, seed=7, time_limit=3.5).solver
    assert (record.name, record.seed, record.workers, record.time_limit) == ("gapweave", 7, 1, 3.5)
    assert record.version
    assert record.wall_time > 0


@pytest.mark.parametrize("objective", ["makespan", "period"])
def test_the_time_in_the_file_counts_the_verifier(objective: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(schedule: Schedule) -> list[Violation]:
        time.sleep(0.3)
        return verify(schedule)

    instance = make_instance(uniform_job(2, 2), devices=2)
    monkeypatch.setattr("gapweave.solver.timetable.verify", slow)
    assert solve(instance, objective=objective, workers=1, seed=7).solver.wall_time >= 0.3


def test_the_least_work_limit_has_shares_too() -> None:
    instance = make_instance(uniform_job(3, 4), uniform_job(3, 4), devices=3, capacity=2)
    schedule = solve(instance, workers=1, work_limit=1e-9)
    assert schedule.solver.work_limit == 1e-9

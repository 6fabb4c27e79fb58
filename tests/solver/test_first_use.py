"""While the list scheduler is compiled, solves keep their limits and find what needs no compiled loop."""

import logging
from typing import Any

import pytest
from schedule_factory import make_instance, uniform_job

from gapweave.models.errors import NothingFound
from gapweave.models.instance import Instance
from gapweave.models.verify import verify
from gapweave.solver import first_use
from gapweave.solver.kernels import Preparation
from gapweave.solver.solve import solve
from gapweave.solver.stopping import Stopping

LIMIT = 0.5


@pytest.fixture(autouse=True)
def never_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the list scheduler never become ready."""

    class Endless(Preparation):
        def wait(self, stopping: Stopping) -> bool:
            while not stopping:
                stopping.signal.wait(0.01)
            return False

    monkeypatch.setattr(first_use, "Preparation", Endless)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mode": "fill"},
        {"mode": "fill", "primary": "gpipe"},
        {"primary_slack": 0.1},
        {"placement": "reversed"},
    ],
    ids=str,
)
@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_a_schedule_is_found_in_plain_python(jobs: int, options: dict[str, Any]) -> None:
    instance = make_instance(*(uniform_job(4, 3 + job) for job in range(jobs)), devices=4)
    schedule = solve(instance, time_limit=LIMIT, **options)
    assert verify(schedule) == []
    assert schedule.solver.notes["found_by"] in ("sequential", "tick-tock", "bidirectional")


def test_the_wait_is_explained(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        solve(Instance.load("zb-6.2b+1.5b-p8-m24-2x"), time_limit=LIMIT)
    assert "once on a machine" in caplog.text


def test_what_plain_python_is_too_slow_for_waits_in_vain() -> None:
    with pytest.raises(NothingFound, match="within the limit"):
        solve(Instance.load("zb-28.3b+28.3b-p32-m256-1x"), time_limit=3.0)

"""A rank that is lost while all do something together: the others only missed it."""

import signal
from pathlib import Path
from typing import Any

import pytest
import torch.distributed as dist
from parity_cases import Case

from gapweave.executor.checkpoint.hooks import Checkpoints
from gapweave.executor.runtime.failure_report import RankState, first_failure
from gapweave.executor.runtime.jobs import jobs_of
from gapweave.executor.runtime.lost_rank import together
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.models.errors import ExecutionFailed

CASE = Case(2, ("same", "reversed"), (False, True), (False, False), "interleaved")


def lose(*arguments: Any, **more: Any) -> None:
    """What gloo says when the process at the other end is gone."""
    raise RuntimeError("[third_party/gloo/gloo/transport/tcp/pair.cc:537] Read error [127.0.0.1]:1024")


def test_a_rank_that_waits_to_save_with_a_lost_one_is_not_the_first_cause(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    monkeypatch.setattr(dist, "broadcast_object_list", lose)
    plan = Plan.of(CASE.schedule)
    checkpoints = Checkpoints(plan, jobs_of(CASE.schedule, RunOptions()), str(tmp_path), 1, 1)
    with pytest.raises(ExecutionFailed, match=r"^another rank was lost while") as lost:
        checkpoints.on_step_end(1, 1, {}, last=False)
    follower = RankState(1, 0, (), failed=True, text=str(lost.value))
    killed = RankState(0, 0, (), failed=True, exit=-signal.SIGKILL)
    assert first_failure([follower, killed]) is killed


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match=r"^broken$"), together("they met"):
        raise RuntimeError("broken")

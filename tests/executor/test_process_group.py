"""What is said when the other end of a channel is lost, whatever was being done with it."""

from typing import Any

import pytest
import torch

from gapweave.executor.program import Action
from gapweave.executor.runtime import process_group
from gapweave.executor.runtime.failure_report import RankState, first_failure
from gapweave.executor.runtime.process_group import ProcessGroupTransport
from gapweave.models.errors import ExecutionFailed


class Broken:
    """A process group whose other end is gone, in the words of gloo."""

    def send(self, *arguments: Any) -> None:
        raise RuntimeError("[../third_party/gloo/gloo/transport/tcp/pair.cc:547] Connection closed by peer")

    recv = send


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> ProcessGroupTransport:
    monkeypatch.setattr(process_group, "_peer_in", lambda group, edge, rank: 1)
    broken: Any = Broken()
    return ProcessGroupTransport(0, {(0, 1): broken, (1, 0): broken}, blocking=True)


@pytest.mark.parametrize("op", ["send", "post"])
def test_a_lost_rank_is_named_and_not_taken_for_the_first_cause(
    transport: ProcessGroupTransport, op: Any
) -> None:
    action = Action(op, "F", 0, 0, 0, 0, 1, 0)
    with pytest.raises(ExecutionFailed, match=r"^lost rank 1$") as lost:
        getattr(transport, op)(action, [torch.zeros(1)])
    follower = RankState(0, 1, (action,), failed=True, text=str(lost.value), in_action=True)
    cause = RankState(1, 1, (action,), failed=True, text="this stage is broken", in_action=True)
    assert first_failure([follower, cause]) is cause

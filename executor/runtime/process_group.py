"""Channels between processes: gloo on CPU, NCCL on GPUs.

Every directed pair of ranks is one channel. gloo keeps the order of the messages of a pair by itself; NCCL
keeps it within a communicator, so that there every channel is a process group of its own.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeAlias

import torch
import torch.distributed as dist
from torch import Tensor

from gapweave.executor.program import Action, Program
from gapweave.models.errors import ExecutionFailed
from gapweave.models.task import Task

#: (sending rank, receiving rank)
Edge: TypeAlias = tuple[int, int]
Works: TypeAlias = list[dist.Work]


class ProcessGroupTransport:
    """The channels of one rank over process groups.

    Parameters
    ----------
    groups
        The process group of every channel that begins or ends at this rank.
    blocking
        Whether waiting for a message stops the caller (gloo), rather than the current stream (NCCL).
    """

    def __init__(self, rank: int, groups: Mapping[Edge, dist.ProcessGroup], blocking: bool) -> None:
        self._rank = rank
        self._blocking = blocking
        self._groups = {edge: (group, _peer_in(group, edge, rank)) for edge, group in groups.items()}
        self._sent: deque[tuple[int, Works, Sequence[Tensor]]] = deque()
        self._posted: dict[Task, Works] = {}

    def send(self, action: Action, tensors: Sequence[Tensor]) -> None:
        """Start to send; the tensors are kept until they have left."""
        assert action.peer is not None
        group, peer = self._groups[self._rank, action.peer]
        kept = [tensor.detach().contiguous() for tensor in tensors]
        with _losing(action.peer):
            self._sent.append((action.peer, [_started(group.send([t], peer, 0)) for t in kept], kept))
        while self._sent and all(work.is_completed() for work in self._sent[0][1]):  # never with gloo
            self._sent.popleft()

    def post(self, action: Action, buffers: Sequence[Tensor]) -> None:
        """Start to receive the channel's next message."""
        assert action.peer is not None
        group, peer = self._groups[action.peer, self._rank]
        with _losing(action.peer):
            self._posted[action.task] = [_started(group.recv([buffer], peer, 0)) for buffer in buffers]

    def take(self, action: Action, deadline: float) -> None:
        """Wait for the message; others may have been posted before it."""
        assert action.peer is not None
        self._wait(self._posted.pop(action.task), action.peer, deadline, "nothing came from")

    def finish(self, deadline: float) -> None:
        """Wait until all that was sent has left."""
        while self._sent:
            peer, works, _ = self._sent.popleft()
            self._wait(works, peer, deadline, "nothing was taken by")

    def _wait(self, works: Works, peer: int, deadline: float, silence: str) -> None:
        with _losing(peer, f"{silence} rank {peer} for {deadline:.1f} s"):
            for work in works:
                if self._blocking:
                    work.wait(timedelta(seconds=deadline))
                else:
                    work.wait()


@contextmanager
def _losing(peer: int, late: str | None = None) -> Iterator[None]:
    """Say what the backend's error means: the peer is gone, or it is ``late``."""
    try:
        yield
    except RuntimeError as exc:
        is_late = "Timed out" in str(exc) or "timeout" in str(exc).lower()
        raise ExecutionFailed(late if late and is_late else f"lost rank {peer}") from exc


def gloo_transport(program: Program, group: dist.ProcessGroup) -> ProcessGroupTransport:
    """Return the channels of a rank, all in one gloo group that has every rank."""
    edges = {edge for edge in _edges_of(program.rank, program.actions)}
    return ProcessGroupTransport(program.rank, dict.fromkeys(edges, group), blocking=True)


def nccl_transport(programs: Sequence[Program], rank: int, timeout: float) -> ProcessGroupTransport:
    """Return the channels of a rank, one NCCL communicator each.

    Every rank must call this with the same programs: communicators are made, and warmed up by one message,
    in one order on all ranks.
    """
    edges = sorted({edge for program in programs for edge in _edges_of(program.rank, program.actions)})
    groups: dict[Edge, dist.ProcessGroup] = {}
    for edge in edges:
        group = dist.new_group(sorted(edge), backend="nccl", timeout=timedelta(seconds=timeout))
        if rank in edge:
            groups[edge] = group
            _warm_up(group, edge, rank)
    return ProcessGroupTransport(rank, groups, blocking=False)


def _warm_up(group: dist.ProcessGroup, edge: Edge, rank: int) -> None:
    """Send one message: the first one of a communicator connects both ends."""
    message = torch.zeros(1, device=torch.device("cuda", torch.cuda.current_device()))
    peer = _peer_in(group, edge, rank)
    works = group.send([message], peer, 0) if rank == edge[0] else group.recv([message], peer, 0)
    works.wait()
    torch.cuda.synchronize()


def _edges_of(rank: int, actions: Iterable[Action]) -> Iterable[Edge]:
    for action in actions:
        if action.op != "run" and action.peer is not None:
            yield (rank, action.peer) if action.op == "send" else (action.peer, rank)


def _peer_in(group: dist.ProcessGroup, edge: Edge, rank: int) -> int:
    """Return the other end of a channel as the group counts its ranks."""
    peer = edge[1] if rank == edge[0] else edge[0]
    return dist.get_group_rank(group, peer)


def _started(work: dist.Work | None) -> dist.Work:
    if work is None:
        raise ExecutionFailed("a message could not be started")
    return work

"""How the processes of a run meet: on one machine through a file, under torchrun through its store."""

import os
import sys
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import torch
import torch.distributed as dist
from torch.distributed import distributed_c10d
from torch.distributed import distributed_c10d as c10d
from torch.distributed.rendezvous import rendezvous

from gapweave.executor.runtime.deadlines import MEETING, SAVING
from gapweave.executor.runtime.lost_rank import together
from gapweave.executor.runtime.meeting import common_prefix
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.process_group import (
    ProcessGroupTransport,
    gloo_transport,
    nccl_transport,
)
from gapweave.models.errors import ExecutionFailed, InvalidOption


class Session:
    """One process among those of a run; a context that ends the process group if it began it.

    Attributes
    ----------
    device
        Where the stages of this rank run.
    """

    def __init__(self, plan: Plan, options: RunOptions, rank: int, device: torch.device, owns: bool) -> None:
        self.rank = rank
        self.device = device
        self._plan = plan
        self._options = options
        self._owns = owns

    @classmethod
    def on_one_machine(cls, plan: Plan, options: RunOptions, rank: int, store: c10d.Store) -> Self:
        """Meet the processes that were started beside this one."""
        if sys.platform == "linux":
            os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
        device = _device_of(options.backend, rank)
        _begin(options.backend, store, rank, plan.ranks)
        return cls(plan, options, rank, device, owns=True)

    @classmethod
    def under_torchrun(cls, plan: Plan, options: RunOptions) -> Self:
        """Meet the processes that torchrun started, or take the process group that there is.

        Raises
        ------
        InvalidOption
            The schedule is for another number of processes.
        """
        ranks = int(os.environ["WORLD_SIZE"])
        if ranks != plan.ranks:
            problem = f"the schedule needs {plan.ranks} processes, one for each device"
            raise InvalidOption(f"torchrun: {problem}, but {ranks} were started")
        device = _device_of(options.backend, int(os.environ.get("LOCAL_RANK", "0")))
        owns = not dist.is_initialized()
        if owns:
            store, rank, _ = next(rendezvous("env://"))
            prefix = common_prefix(c10d.PrefixStore("exec", store), rank, ranks, MEETING)
            _begin(options.backend, c10d.PrefixStore(f"exec/{prefix}", store), rank, ranks)
        return cls(plan, options, dist.get_rank(), device, owns)

    def transport(self) -> ProcessGroupTransport:
        """Open the channels of this rank, after all ranks agreed that they hold the same programs.

        Raises
        ------
        ExecutionFailed
            Ranks hold programs of different schedules; every rank raises it.
        """
        self._require_same_schedule()
        if self._options.backend == "nccl":
            return nccl_transport(self._plan.programs, self.rank, self._options.deadline)
        group = dist.group.WORLD
        assert group is not None
        return gloo_transport(self._plan.programs[self.rank], group)

    def meet(self) -> None:
        """Wait until every rank has come so far; from then on none is waited for as long as before."""
        self.gathered(None)
        patience = timedelta(seconds=SAVING * self._options.deadline)
        distributed_c10d._set_pg_timeout(patience)

    def gathered(self, value: Any) -> list[Any]:
        """Return the values of all ranks, in their order, on every rank."""
        values: list[Any] = [None] * self._plan.ranks
        with together("all of them met"):
            dist.all_gather_object(values, value)
        return values

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._owns and error is None:  # after an error the peers may be gone, and this would wait for them
            dist.destroy_process_group()

    def _require_same_schedule(self) -> None:
        digests = self.gathered(self._plan.programs[self.rank].schedule)
        for rank, digest in enumerate(digests):
            if digest != digests[0]:
                raise ExecutionFailed(f"rank {rank} holds the programs of another schedule than rank 0")


def _begin(backend: str, store: c10d.Store, rank: int, ranks: int) -> None:
    if backend == "nccl":
        os.environ.setdefault("NCCL_LAUNCH_ORDER_IMPLICIT", "1")
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if backend == "nccl" else "gloo",
        store=store,
        rank=rank,
        world_size=ranks,
        timeout=timedelta(seconds=MEETING),
    )


def _device_of(backend: str, local_rank: int) -> torch.device:
    if backend != "nccl":
        torch.set_num_threads(1)
        return torch.device("cpu")
    device = torch.device("cuda", local_rank)
    torch.cuda.set_device(device)
    return device

"""How long messages between two processes take, on loopback through gloo."""

import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from statistics import median

#: Round trips per size, and before the first that counts.
_REPEATS, _WARM_UP = 40, 5


def one_way_nanoseconds(sizes: Collection[int]) -> dict[int, int]:
    """Return the median time from the send of a message to its arrival, by its bytes."""
    if not sizes:
        return {}
    from torch.multiprocessing.spawn import spawn

    with tempfile.TemporaryDirectory(prefix="gapweave-") as folder:
        arguments = folder, tuple(sorted(sizes))
        spawn(_rank, arguments, nprocs=2, daemon=True)  # type: ignore[no-untyped-call]
        lines = (Path(folder) / "times").read_text().split()
    return {int(size): int(time) for size, time in (line.split(":") for line in lines)}


def _rank(rank: int, folder: str, sizes: tuple[int, ...]) -> None:
    import os

    import torch
    import torch.distributed as dist
    from torch._C._distributed_c10d import FileStore

    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.set_num_threads(1)
    store = FileStore(f"{folder}/store", 2)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=2)
    found = []
    for size in sizes:
        buffer = torch.empty(size, dtype=torch.uint8)
        samples = [_round_trip(rank, buffer) for _ in range(_WARM_UP + _REPEATS)]
        found.append(f"{size}:{round(median(samples[_WARM_UP:]) / 2)}")
    if rank == 0:
        (Path(folder) / "times").write_text("\n".join(found))
    dist.destroy_process_group()


def _round_trip(rank: int, buffer: object) -> int:
    import torch.distributed as dist

    begin = time.perf_counter_ns()
    first, second = (dist.send, dist.recv) if rank == 0 else (dist.recv, dist.send)
    first(buffer, 1 - rank)  # type: ignore[arg-type]
    second(buffer, 1 - rank)  # type: ignore[arg-type]
    return time.perf_counter_ns() - begin

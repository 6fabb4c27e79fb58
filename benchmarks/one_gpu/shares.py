"""Whether the shares of the GPU are disjoint, and as fast as their multiprocessors let one expect."""

from collections.abc import Sequence
from itertools import combinations, pairwise
from statistics import median

import torch

from gapweave.executor.runtime.virtual_devices.streams import CudaStream, Stream

_SIDE = 4096
_PRODUCTS = 10


def check_shares(streams: Sequence[Stream], device: torch.device) -> list[str]:
    """Return a line for each finding; nothing on a CPU."""
    if device.type != "cuda":
        return []
    return [_used(streams, device), *_speeds(streams, device)]


def _used(streams: Sequence[Stream], device: torch.device) -> str:
    try:
        from benchmarks.one_gpu.sm_ids import multiprocessors_of

        used = [multiprocessors_of(one.stream, device) for one in streams if isinstance(one, CudaStream)]
    except Exception as exc:  # Triton, its compiler or the driver's answer: a check less, no failure
        return f"multiprocessors used: not seen ({type(exc).__name__}: {str(exc).splitlines()[:1]})"
    disjoint = all(not one & other for one, other in combinations(used, 2))
    return f"multiprocessors used: {[len(one) for one in used]}, {'disjoint' if disjoint else 'OVERLAPPING'}"


def _speeds(streams: Sequence[Stream], device: torch.device) -> list[str]:
    """Time a product on the whole device, on each share alone, and on all shares at once."""
    whole = CudaStream(torch.cuda.Stream(device))
    left = torch.randn(_SIDE, _SIDE, device=device, dtype=torch.bfloat16)
    torch.cuda.synchronize()
    for stream in (whole, *streams):
        _times([stream], left)
    full = median(_times([whole], left)[0])
    alone = [median(_times([stream], left)[0]) for stream in streams]
    together = [median(times) for times in _times(streams, left)]
    return [
        f"bf16 product of side {_SIDE}: whole device {full / 1e6:.3f} ms, a share alone {_range(alone)} ms"
        f" ({min(alone) / full:.2f} times), all shares at once {_range(together)} ms"
    ]


def _times(streams: Sequence[Stream], left: torch.Tensor) -> list[list[int]]:
    marks = [[stream.record()] for stream in streams]
    results = []
    for _ in range(_PRODUCTS):
        for stream, own in zip(streams, marks, strict=True):
            with stream.active():
                results.append(left @ left)
            own.append(stream.record())
    for stream in streams:
        stream.synchronize()
    return [[end.since(begin) for begin, end in pairwise(own)] for own in marks]


def _range(times: Sequence[float]) -> str:
    return f"{min(times) / 1e6:.3f}-{max(times) / 1e6:.3f}"

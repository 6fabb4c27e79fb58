"""Disjoint shares of a GPU's multiprocessors, one for each stream.

All shares come from ONE call of the driver's split. A split per stream starts from the whole device every
time, and its shares overlap: that is how `torch.cuda.green_contexts` makes them.

The primary context stays the current one. A kernel takes its multiprocessors from the stream to which it is
launched, while memory, events, modules and the cuBLAS handle remain those of the primary context.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

import torch

from gapweave.executor.runtime.virtual_devices.streams import CudaStream, Stream

#: Shares are multiples of this on Hopper, whose thread block clusters need their multiprocessors together.
_HOPPER_ALIGNMENT = 8
#: Streams of a green context must not synchronise with the default stream.
_NON_BLOCKING = 1
#: The driver refuses to make a green context without this flag.
_DEFAULT_STREAM = 1


class Unavailable(Exception):
    """The driver, its Python binding or the device cannot split; the text says why."""


class Partition(NamedTuple):
    """The streams of the virtual devices.

    Attributes
    ----------
    multiprocessors
        Of each stream; None if all streams share all of them.
    note
        One line for the report: how the device was split, or why it was not.
    handles
        The driver's objects behind the streams, which must live as long as they.
    """

    streams: tuple[Stream, ...]
    multiprocessors: int | None
    note: str
    handles: tuple[Any, ...] = ()


def partition(device: torch.device, parts: int, *, split: bool = True) -> Partition:
    """Make one stream per virtual device, each with an equal share of the multiprocessors if possible."""
    torch.zeros(1, device=device)  # the primary context exists and is current from here on
    if not split:
        return _whole(device, parts, "all streams share all multiprocessors, as asked")
    try:
        with torch.cuda.device(device):
            made = _shares(import_driver(), device, parts)
            _probe(made.streams, device)
            return made
    except Unavailable as exc:
        return _whole(device, parts, f"all streams share all multiprocessors: {exc}")


def import_driver() -> Any:
    """Return the module of the driver's functions; raises Unavailable."""
    try:
        return import_module("cuda.bindings.driver")
    except ImportError as exc:
        raise Unavailable(f"cuda-bindings is missing ({exc})") from exc


def _whole(device: torch.device, parts: int, note: str) -> Partition:
    streams = [torch.cuda.Stream(device) for _ in range(parts)]  # type: ignore[no-untyped-call]
    return Partition(tuple(map(CudaStream, streams)), None, note)


def _shares(driver: Any, device: torch.device, parts: int) -> Partition:
    share = split_shares(driver, device.index or 0, parts)
    contexts = [green_context(driver, device.index or 0, resource) for resource in share.resources]
    raw = [stream_of(driver, context) for context in contexts]
    streams = tuple(CudaStream(_external(int(one), device)) for one in raw)
    note = f"{parts} x {share.size} of {share.total} multiprocessors, one split"
    return Partition(streams, share.size, note, (*share.resources, *contexts, *raw))


def _external(handle: int, device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.ExternalStream(handle, device=device)  # type: ignore[no-untyped-call]


class Shares(NamedTuple):
    """Disjoint resources of equal size, and how many multiprocessors the device has."""

    resources: tuple[Any, ...]
    size: int
    total: int


def split_shares(driver: Any, ordinal: int, parts: int) -> Shares:
    """Split the device's multiprocessors once, into the largest equal shares that the driver grants."""
    device = call(driver, "cuDeviceGet", ordinal)
    kind = driver.CUdevResourceType.CU_DEV_RESOURCE_TYPE_SM
    whole = call(driver, "cuDeviceGetDevResource", device, kind)
    total = int(whole.sm.smCount)
    alignment = int(getattr(whole.sm, "smCoscheduledAlignment", 0)) or _HOPPER_ALIGNMENT
    for size in sizes(total, parts, alignment):
        resources = _granted(driver, whole, parts, size)
        if resources is not None:
            return Shares(resources, int(resources[0].sm.smCount), total)
    raise Unavailable(f"{total} multiprocessors do not give {parts} shares of {alignment} or a multiple")


def sizes(total: int, parts: int, alignment: int) -> range:
    """Return the sizes of a share to try, the largest first: multiples of the alignment."""
    return range(total // parts // alignment * alignment, 0, -alignment)


def _granted(driver: Any, whole: Any, parts: int, size: int) -> tuple[Any, ...] | None:
    """Return the shares if the driver makes all of them equal and none smaller than asked."""
    try:
        resources, count, _rest = call(driver, "cuDevSmResourceSplitByCount", parts, whole, 0, size)
    except Unavailable:
        return None
    granted = [int(one.sm.smCount) for one in resources]
    equal = len(granted) >= parts and int(count) >= parts and len(set(granted[:parts])) == 1
    return tuple(resources[:parts]) if equal and granted[0] >= size else None


def green_context(driver: Any, ordinal: int, resource: Any) -> Any:
    """Make a context that runs on the multiprocessors of the resource only; it does not become current."""
    described = call(driver, "cuDevResourceGenerateDesc", [resource], 1)
    device = call(driver, "cuDeviceGet", ordinal)
    return call(driver, "cuGreenCtxCreate", described, device, _DEFAULT_STREAM)


def stream_of(driver: Any, context: Any) -> Any:
    """Make a stream of a green context."""
    return call(driver, "cuGreenCtxStreamCreate", context, _NON_BLOCKING, 0)


def call(driver: Any, name: str, *arguments: Any) -> Any:
    """Call a function of the driver and return what it returns after its status; raises Unavailable."""
    function = getattr(driver, name, None)
    if function is None:
        raise Unavailable(f"this cuda-bindings has no {name}")
    try:
        status, *values = function(*arguments)
    except (RuntimeError, TypeError) as exc:  # the binding knows the function, but not this driver
        raise Unavailable(f"{name}: {exc}") from exc
    if int(status) != 0:
        raise Unavailable(f"{name} answered {getattr(status, 'name', status)}")
    return values[0] if len(values) == 1 else values


def _probe(streams: Sequence[Stream], device: torch.device) -> None:
    """Try what a run does on every stream: a product, marks with times, waiting across, memory across."""
    made: torch.Tensor | None = None
    try:
        for stream in streams:
            with stream.active():
                left = torch.ones(256, 256, device=device) if made is None else made
                stream.hold([left])
                begin = stream.record()
                made = left @ left / 256
                end = stream.record()
            for other in streams:
                other.wait(end)
        for stream in streams:
            stream.synchronize()
        assert made is not None
        end.since(begin)
        right = bool((made == 1).all())
    except RuntimeError as exc:
        raise Unavailable(f"a stream of a share failed its trial: {str(exc).splitlines()[0]}") from exc
    if not right:
        raise Unavailable("streams of shares gave a wrong product")

"""Streams and the marks in them: what the dispatcher needs of a GPU, and the same on a CPU.

Work issued while a stream is active is done in the order of issue; works of two streams have no order unless
one stream waits for a mark of the other.
"""

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import torch
from torch import Tensor


class Mark(Protocol):
    """A place in a stream, reached when all work before it is done."""

    def since(self, origin: "Mark") -> int:
        """Return the nanoseconds from the moment ``origin`` was reached; both must have been reached."""
        ...

    def is_reached(self) -> bool:
        """Whether all work before it is done."""
        ...


class Stream(Protocol):
    """A queue of work on the device."""

    def active(self) -> AbstractContextManager[object]:
        """Return a context in which operations on tensors are issued to this stream."""
        ...

    def record(self) -> Mark:
        """Return a mark after everything that was issued to this stream so far."""
        ...

    def wait(self, mark: Mark) -> None:
        """Let all that is issued from now on begin after the mark; the host does not wait."""
        ...

    def wait_for_default(self) -> None:
        """Let all that is issued from now on begin after what was issued outside of all streams."""
        ...

    def hold(self, tensors: Iterable[Tensor]) -> None:
        """Keep the memory of tensors that another stream made until this one has used it.

        It may be used here until its last reference goes: only then does it return to the other stream, and
        not before all is done that was issued here until then.
        """
        ...

    def synchronize(self) -> None:
        """Let the host wait until all that was issued is done."""
        ...


class CudaMark:
    """A mark in a stream of a GPU."""

    def __init__(self, event: "torch.cuda.Event") -> None:
        self.event = event

    def since(self, origin: Mark) -> int:
        """Return the nanoseconds after ``origin``; the resolution is about half a microsecond."""
        assert isinstance(origin, CudaMark)
        milliseconds: float = origin.event.elapsed_time(self.event)
        return round(milliseconds * 1e6)

    def is_reached(self) -> bool:
        """Ask the event; raises RuntimeError if the device failed."""
        return bool(self.event.query())  # type: ignore[no-untyped-call]


class CudaStream:
    """A stream of a GPU; ``stream`` may be one of an SM partition."""

    def __init__(self, stream: "torch.cuda.Stream") -> None:
        self.stream = stream

    def active(self) -> AbstractContextManager[object]:
        """Return a context that makes this torch's current stream."""
        return torch.cuda.stream(self.stream)

    def record(self) -> CudaMark:
        """Record a CUDA event with timing."""
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record(self.stream)
        return CudaMark(event)

    def wait(self, mark: Mark) -> None:
        """Let the stream wait for the event."""
        assert isinstance(mark, CudaMark)
        self.stream.wait_event(mark.event)

    def wait_for_default(self) -> None:
        """Let the stream wait for torch's current stream, which is the default one outside of all others."""
        self.stream.wait_stream(torch.cuda.current_stream(self.stream.device))

    def hold(self, tensors: Iterable[Tensor]) -> None:
        """Tell torch's caching allocator that this stream uses the tensors too."""
        for tensor in tensors:
            if tensor.is_cuda:
                tensor.record_stream(self.stream)

    def synchronize(self) -> None:
        """Wait on the host for the stream."""
        self.stream.synchronize()


class HostMark:
    """A moment on the host's clock."""

    def __init__(self, nanoseconds: int) -> None:
        self.nanoseconds = nanoseconds

    def since(self, origin: Mark) -> int:
        """Return the nanoseconds after ``origin``."""
        assert isinstance(origin, HostMark)
        return self.nanoseconds - origin.nanoseconds

    def is_reached(self) -> bool:
        """Return True: it was reached when it was made."""
        return True


class HostStream:
    """A stream whose work is done as soon as it is issued: the CPU."""

    def active(self) -> AbstractContextManager[object]:
        """Return a context that does nothing."""
        return nullcontext()

    def record(self) -> HostMark:
        """Read the clock."""
        return HostMark(time.perf_counter_ns())

    def wait(self, mark: Mark) -> None:
        """Do nothing: whatever the mark stands for is done."""

    def wait_for_default(self) -> None:
        """Do nothing: whatever was issued is done."""

    def hold(self, tensors: Iterable[Tensor]) -> None:
        """Do nothing: whatever used the tensors is done."""

    def synchronize(self) -> None:
        """Do nothing."""

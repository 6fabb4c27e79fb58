"""Streams that order nothing by themselves, and a detector of everything that relied on an order.

Each stream counts its operations. A mark carries, for every stream, how many of its operations lie before it
(a vector clock); waiting for a mark joins its clock into that of the waiting stream. Every operation of torch
is then checked: what it reads must have been written before in the order of the clocks, what it overwrites
must have been read before, and memory may only be freed after other streams' reads, unless they hold it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Race(AssertionError):
    """An operation relied on an order of two streams that no mark gives."""


@dataclass
class _Memory:
    alive: StorageWeakRef
    owner: "RecordingStream"
    written: tuple[str, int]
    read: Counter[str] = field(default_factory=Counter)
    held: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class RecordedMark:
    clock: Counter[str]

    def since(self, origin: "RecordedMark") -> int:
        return sum(self.clock.values()) - sum(origin.clock.values())

    def is_reached(self) -> bool:
        return True  # the host learns of a stream's effects by waiting for the stream


class RecordingStream:
    """A stream of the detector."""

    def __init__(self, name: str, detector: "RaceDetector") -> None:
        self.name = name
        self.clock: Counter[str] = Counter()
        self._detector = detector

    @contextmanager
    def active(self) -> Iterator[None]:
        before, self._detector.current = self._detector.current, self
        try:
            yield
        finally:
            self._detector.current = before

    def record(self) -> RecordedMark:
        return RecordedMark(Counter(self.clock))

    def wait(self, mark: RecordedMark) -> None:
        self._detector.waits += 1
        self.clock |= mark.clock

    def wait_for_default(self) -> None:
        """Nothing to do: the host's effects precede all that is issued later."""

    def hold(self, tensors: Iterable[Tensor]) -> None:
        for tensor in tensors:
            self._detector.hold(tensor, self)

    def synchronize(self) -> None:
        self._detector.host.clock |= self.clock


class RaceDetector(TorchDispatchMode):
    """Checks every operation on tensors while it is active; what no stream issues, the host does.

    What the host does is done at once: its effects precede all that is issued later, and it may touch what a
    stream wrote only after it synchronised with that stream.
    """

    def __init__(self) -> None:
        super().__init__()
        self.host = RecordingStream("host", self)
        self.current = self.host
        self.waits = 0
        self.operations = 0
        self._memory: dict[int, _Memory] = {}

    def stream(self, name: str) -> RecordingStream:
        return RecordingStream(name, self)

    def hold(self, tensor: Tensor, stream: RecordingStream) -> None:
        memory = self._memory.get(_key(tensor))
        if memory is not None:
            memory.held.add(stream.name)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if _is_view(func):
            return func(*args, **kwargs)
        self._sweep()
        stream = self.current
        stream.clock[stream.name] += 1
        stream.clock |= self.host.clock
        self.operations += 1
        written = {_key(one) for one in _mutated(func, args, kwargs)}
        for tensor in _tensors((args, kwargs)):
            self._reads(tensor, stream, func)
        result = func(*args, **kwargs)
        inputs = {_key(one) for one in _tensors((args, kwargs))}
        for tensor in _tensors(result):
            if _key(tensor) not in inputs:
                self._writes(tensor, stream, func)
        for tensor in _tensors((args, kwargs)):
            if _key(tensor) in written:
                self._writes(tensor, stream, func)
        return result

    def _reads(self, tensor: Tensor, stream: RecordingStream, func: Any) -> None:
        memory = self._memory.get(_key(tensor))
        if memory is None:
            return  # made before the detector watched
        writer, tick = memory.written
        if stream.clock[writer] < tick:
            raise Race(f"{func} on {stream.name} reads what {writer} writes, without waiting for it")
        memory.read[stream.name] = stream.clock[stream.name]

    def _writes(self, tensor: Tensor, stream: RecordingStream, func: Any) -> None:
        key = _key(tensor)
        memory = self._memory.get(key)
        if memory is not None and not memory.alive.expired():
            for reader, tick in memory.read.items():
                if stream.clock[reader] < tick:
                    raise Race(f"{func} on {stream.name} overwrites what {reader} still reads")
            memory.written = (stream.name, stream.clock[stream.name])
            return
        alive = StorageWeakRef(tensor.untyped_storage())
        self._memory[key] = _Memory(alive, stream, (stream.name, stream.clock[stream.name]))

    def _sweep(self) -> None:
        """Check memory that was freed since the last operation: its owner may use it again at once."""
        for key in [key for key, memory in self._memory.items() if memory.alive.expired()]:
            memory = self._memory.pop(key)
            for reader, tick in memory.read.items():
                known = max(memory.owner.clock[reader], self.host.clock[reader])
                if reader not in memory.held and known < tick:
                    raise Race(f"memory of {memory.owner.name} was freed while {reader} still reads it")


def _key(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def _is_view(func: Any) -> bool:
    """Whether an operation only makes another name for memory."""
    returned = [one.alias_info for one in func._schema.returns]
    return any(alias is not None and not alias.is_write for alias in returned)


def _mutated(func: Any, args: Any, kwargs: Any) -> list[Tensor]:
    found: list[Tensor] = []
    for position, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = args[position] if position < len(args) else kwargs.get(argument.name)
            found += _tensors(value)
    return found

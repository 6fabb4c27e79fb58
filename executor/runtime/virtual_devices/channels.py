"""Messages between virtual devices of one GPU: a mark in the sender's stream for which the taker's waits."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from torch import Tensor

from gapweave.executor.program import Action
from gapweave.executor.runtime.virtual_devices.streams import Mark, Stream
from gapweave.models.errors import ExecutionFailed
from gapweave.models.task import Task

#: A message bears the task that produced it, the sender's rank and the taker's.
_Name: TypeAlias = tuple[Task, int, int]


class _Message(NamedTuple):
    tensors: tuple[Tensor, ...]
    ready: Mark


class Mailbox:
    """The messages of all virtual devices that were sent and not yet taken."""

    def __init__(self) -> None:
        self._messages: dict[_Name, _Message] = {}

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, name: _Name, tensors: Sequence[Tensor], ready: Mark) -> None:
        """Hand in a message; ``ready`` is a mark after its tensors were made."""
        self._messages[name] = _Message(tuple(tensors), ready)

    def get(self, name: _Name) -> _Message:
        """Hand out a message, once."""
        try:
            return self._messages.pop(name)
        except KeyError:
            task, sender, _taker = name
            text = f"a message was taken before device {sender} sent it: {_words(task)}"
            raise ExecutionFailed(text) from None


class StreamTransport:
    """The channels of one virtual device: a `Transport` in which nothing waits on the host.

    Nothing on the GPU is copied: both devices have the same memory, and a copy would take the taker's
    multiprocessors from its tasks. A take makes the receive buffer a name for the tensor that was sent. That
    tensor must not change once it was sent, and its memory returns to the sender's stream only after the
    taker's reads.
    """

    def __init__(self, rank: int, stream: Stream, mailbox: Mailbox) -> None:
        self._rank = rank
        self._stream = stream
        self._mailbox = mailbox
        self._buffers: dict[_Name, tuple[Tensor, ...]] = {}

    def send(self, action: Action, tensors: Sequence[Tensor]) -> None:
        """Leave the tensors for the peer, with a mark of where they are ready."""
        assert action.peer is not None
        self._mailbox.put((action.task, self._rank, action.peer), tensors, self._stream.record())

    def post(self, action: Action, buffers: Sequence[Tensor]) -> None:
        """Remember the buffers for the take."""
        self._buffers[self._name(action)] = tuple(buffers)

    def take(self, action: Action, deadline: float = 0.0) -> None:
        """Let the stream wait for the mark, and make the buffers names of what was sent."""
        name = self._name(action)
        buffers = self._buffers.pop(name)
        message = self._mailbox.get(name)
        self._stream.wait(message.ready)
        self._stream.hold(message.tensors)
        for buffer, tensor in zip(buffers, message.tensors, strict=True):
            if buffer.device == tensor.device:
                buffer.data = tensor
            else:  # a clipping factor that was put together on the host
                with self._stream.active():
                    buffer.copy_(tensor)

    def finish(self, deadline: float = 0.0) -> None:
        """Do nothing: what was sent lies in the mailbox."""

    def _name(self, action: Action) -> _Name:
        assert action.peer is not None
        return (action.task, action.peer, self._rank)


def _words(task: Task) -> str:
    microbatch = "" if task.microbatch is None else f" m{task.microbatch}"
    return f"{task.kind} j{task.job} t{task.step} s{task.stage}{microbatch}"

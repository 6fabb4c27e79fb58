"""Messages of a run: which send each take received."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from gapweave.executor.measured.recording import Event
from gapweave.models.task import Task

#: Repetition, sending rank, receiving rank, and the task that produced the message.
MessageKey: TypeAlias = tuple[int, int, int, Task]


class Message(NamedTuple):
    """Both ends of a message between two ranks."""

    send: Event
    take: Event


def message_key(event: Event) -> MessageKey | None:
    """Return what a send and the take of the same message have in common; None for any other action."""
    operation, peer = event.action.op, event.action.peer
    if peer is None or operation not in ("send", "take"):
        return None
    source, target = (event.rank, peer) if operation == "send" else (peer, event.rank)
    return event.repetition, source, target, event.action.task


def sends_by_key(events: Iterable[Event]) -> dict[MessageKey, Event]:
    """Return every send by its message."""
    return {key: event for event in events if event.action.op == "send" and (key := message_key(event))}


def messages(events: Iterable[Event]) -> Iterator[Message]:
    """Yield the messages of which both ends were recorded, in the order of their takes."""
    recorded = tuple(events)
    sends = sends_by_key(recorded)
    for event in recorded:
        if event.action.op == "take":
            key = message_key(event)
            if key is not None and key in sends:
                yield Message(sends[key], event)

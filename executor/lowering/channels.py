"""Third pass: the messages of every directed pair of ranks, in the order in which they are sent."""

from collections.abc import Sequence
from typing import TypeAlias

from gapweave.executor.program import Action
from gapweave.models.task import Task

#: By (source, destination): the messages, each named by what produced it.
Channels: TypeAlias = dict[tuple[int, int], list[Task]]


def channels(actions_by_rank: Sequence[Sequence[Action]]) -> Channels:
    """Return the messages of each channel in the sender's order."""
    found: Channels = {}
    for rank, actions in enumerate(actions_by_rank):
        for action in actions:
            if action.op == "send":
                assert action.peer is not None
                found.setdefault((rank, action.peer), []).append(action.task)
    return found

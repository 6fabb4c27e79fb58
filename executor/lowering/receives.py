"""Fourth pass: where receives are posted: in the sender's order, a few messages ahead of the takes.

With one channel per directed pair of ranks and receives in the consumer's order, messages would end in each
other's buffers; posted just in time they would block a sender that another rank waits for.
"""

from collections.abc import Iterator, Sequence

from gapweave.executor.lowering.channels import Channels
from gapweave.executor.program import Action
from gapweave.models.task import Task


def with_posts(rank: int, actions: Sequence[Action], channels: Channels, window: int) -> list[Action]:
    """Return the actions of a rank with its receives posted.

    Before the take of a channel's message i, the receives of all messages up to i + ``window`` are posted;
    the first ``window`` at the beginning.
    """
    incoming = {
        source: _Incoming(source, messages)
        for (source, destination), messages in channels.items()
        if destination == rank
    }
    posted = [post for channel in incoming.values() for post in channel.post_until(window)]
    for action in actions:
        if action.op == "take":
            assert action.peer is not None
            channel = incoming[action.peer]
            posted += channel.post_until(channel.position[action.task] + window + 1)
        posted.append(action)
    return posted


class _Incoming:
    """One channel at its receiving end."""

    def __init__(self, source: int, messages: Sequence[Task]) -> None:
        self.source = source
        self.position = {message: index for index, message in enumerate(messages)}
        self._left = iter(messages)
        self._posted = 0

    def post_until(self, count: int) -> Iterator[Action]:
        """Yield the posts that are missing of the first ``count`` messages."""
        while self._posted < count:
            message = next(self._left, None)
            if message is None:
                return
            self._posted += 1
            job, step, kind, stage, microbatch = message
            yield Action("post", kind, job, step, stage, microbatch, self.source)

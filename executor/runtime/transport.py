"""How messages travel between ranks: what the interpreter asks of processes and of streams alike."""

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from gapweave.executor.program import Action


class Transport(Protocol):
    """The channels of one rank. Every directed pair of ranks is one channel, first in, first out."""

    def send(self, action: Action, tensors: Sequence[Tensor]) -> None:
        """Start to send, without waiting; the tensors are kept until they have left."""

    def post(self, action: Action, buffers: Sequence[Tensor]) -> None:
        """Start to receive the channel's next message into the buffers; in the sender's order."""

    def take(self, action: Action, deadline: float) -> None:
        """Wait until the message that was posted for this action is in its buffers.

        Raises
        ------
        ExecutionFailed
            The peer is gone, or ``deadline`` seconds passed.
        """

    def finish(self, deadline: float) -> None:
        """Wait until all that was sent has left."""

"""When each action of a run began and ended."""

from typing import NamedTuple

from gapweave.executor.program import Action


class Event(NamedTuple):
    """One action of one rank in one repetition of its program; nanoseconds on the rank's clock.

    Attributes
    ----------
    repetition
        How often the program ran before.
    begin, end
        Of a task: on the device. Of ``take``: how long the rank waited.
    """

    rank: int
    repetition: int
    action: Action
    begin: int
    end: int

"""How long a rank waits for a message before it gives up."""

from collections.abc import Sequence

#: How much longer than planned a rank may stand idle before a message.
MULTIPLE = 10
#: Deadlines within which all ranks must have come as far while they save a checkpoint together.
SAVING = 5
#: Seconds in which all processes must have started and met.
MEETING = 300.0
DEFAULT_FLOOR = 30.0
#: Seconds that nothing is waited for longer, about 12 days: the libraries below count in small units.
LONGEST = 1_000_000.0


class Deadlines:
    """A deadline for each action of a program: a floor, plus a multiple of the planned idle time before it.

    Parameters
    ----------
    gaps
        Planned idle time before each action, in ticks.
    makespan
        Planned duration of the program, in ticks.
    floor
        Seconds that every message is waited for, whatever the plan.
    tick
        Seconds in a tick; None where the schedule's unit is no time: then only measured steps tell.

    Attributes
    ----------
    seconds
        The deadline of each action; changed in place.
    end
        The deadline at the end of the program, for all that was sent to be taken.
    """

    def __init__(
        self,
        gaps: Sequence[int],
        makespan: int,
        floor: float = DEFAULT_FLOOR,
        tick: float | None = None,
    ) -> None:
        self._floor = floor
        self._makespan = makespan
        self._gaps = gaps
        self._tick = tick or 0.0
        self.seconds = [0.0] * len(gaps)
        self.end = floor
        self._update()

    def learn(self, measured: float) -> None:
        """Take the slowest step so far, in seconds, as the scale of the plan."""
        tick = measured / self._makespan if self._makespan else 0.0
        if tick > self._tick:
            self._tick = tick
            self._update()

    def _update(self) -> None:
        self.seconds[:] = [self._after(gap) for gap in self._gaps]
        self.end = self._after(self._makespan)

    def _after(self, ticks: int) -> float:
        return min(LONGEST, self._floor + MULTIPLE * ticks * self._tick)

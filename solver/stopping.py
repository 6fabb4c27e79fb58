"""When to stop: a time limit, and a wish of the user."""

import threading
import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stopping:
    """A deadline and a stop signal, shared by every phase of a solve.

    Attributes
    ----------
    time_limit
        Seconds from the construction of this object; None: no limit.
    signal
        Set it, from any thread or signal handler, to end the work with the best schedule so far.
    """

    time_limit: float | None = None
    signal: threading.Event = field(default_factory=threading.Event)
    begin: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.begin

    @property
    def remaining(self) -> float:
        """Seconds left; infinite without a limit, 0 once the user wants to stop."""
        if self.signal.is_set():
            return 0.0
        return float("inf") if self.time_limit is None else max(0.0, self.time_limit - self.elapsed)

    def within(self, seconds: float | None) -> "Stopping":
        """Return a deadline after this many seconds, with the same signal; None: no limit."""
        return Stopping(seconds, self.signal)

    def reserving(self, seconds: float) -> "Stopping":
        """Return a deadline that many seconds earlier, counted from the same beginning."""
        if self.time_limit is None:
            return self
        return Stopping(max(0.0, self.time_limit - seconds), self.signal, self.begin)

    def share(self, fraction: float) -> "Stopping":
        """Return a deadline after this fraction of the remaining time, with the same signal."""
        return self.within(None if self.time_limit is None else self.remaining * fraction)

    def __bool__(self) -> bool:
        """Whether it is time to stop."""
        return self.remaining <= 0

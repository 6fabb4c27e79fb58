"""One broken rule of a schedule."""

from dataclasses import dataclass

from gapweave.models.task import ScheduledTask, Task


@dataclass(frozen=True, slots=True)
class Violation:
    """What a schedule does that its instance, or its own header, does not allow.

    Attributes
    ----------
    rule
        Number of the rule in DESIGN, "1" to "7", or "claim" if the schedule's header says something false.
    message
        What is wrong, one line.
    task, device, time
        Where: the task, the index of the device, and the tick; None where it does not apply.
    """

    rule: str
    message: str
    task: Task | None = None
    device: int | None = None
    time: int | None = None

    @classmethod
    def at(cls, rule: str, row: ScheduledTask, message: str) -> "Violation":
        """Blame one row of the schedule."""
        return cls(rule, message, row.task, row.device, row.start)

    def __str__(self) -> str:
        where = [] if self.task is None else [str(self.task)]
        where += [] if self.device is None else [f"device {self.device}"]
        where += [] if self.time is None else [f"time {self.time}"]
        name = self.rule if self.rule == "claim" else f"rule {self.rule}"
        return f"{name} ({'; '.join(where)}): {self.message}" if where else f"{name}: {self.message}"

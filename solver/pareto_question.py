"""The questions of a trade-off: what is promised to the primary, from the tightest to the loosest."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gapweave.models.instance import Instance
from gapweave.models.schedule import Mode, Primary, Schedule
from gapweave.solver.job_alone import from_schedule
from gapweave.solver.primary import with_slack


@dataclass(frozen=True)
class Question:
    """What is promised to the primary; ``options`` are those of `solve` that say so."""

    mode: Mode
    slack: float | None
    promise: Primary | None
    options: dict[str, Any] = field(default_factory=dict)

    def admits(self, schedule: Schedule) -> bool:
        """Whether a schedule of a question without pinned tasks keeps the promise."""
        name = schedule.instance.jobs[0].name
        return self.promise is None or schedule.job_makespans[name] <= self.promise.limit

    def allows(self, other: "Question") -> bool:
        """Whether every schedule that answers the other question answers this one."""
        if self.promise is None:
            return True
        if self.mode == "fill":
            return other.mode == "fill"
        return other.promise is not None and other.promise.limit <= self.promise.limit


def questions(instance: Instance, alone: Schedule, slacks: Iterable[float]) -> list[Question]:
    """Return the questions, each allowing all that the ones before it allow."""
    own = from_schedule(instance, alone, alone.solver.name)
    questions = [Question("fill", 0.0, own.as_primary(), {"mode": "fill", "primary": alone})]
    for slack in sorted(set(slacks)):
        options = {"primary": alone, "primary_slack": slack}
        questions.append(Question("joint", slack, with_slack(own, slack), options))
    return [*questions, Question("joint", None, None)]

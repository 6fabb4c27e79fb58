"""What a run takes from its schedule: programs, planned times, and how long ranks may stand idle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from gapweave.executor.lowering.lower import lower
from gapweave.executor.program import Action, Program
from gapweave.executor.static_check import check_programs
from gapweave.models.errors import Rejected
from gapweave.models.schedule import Schedule
from gapweave.models.task import Task
from gapweave.models.verify import verify

_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True)
class Plan:
    """A schedule with the programs of its ranks, which passed the static check."""

    schedule: Schedule
    programs: tuple[Program, ...]

    @classmethod
    def of(cls, schedule: Schedule) -> "Plan":
        """Lower a schedule that keeps the rules, and check its programs.

        Raises
        ------
        Rejected
            The schedule breaks a rule.
        UnsafePrograms
            Its programs must not run.
        """
        violations = verify(schedule)
        if violations:
            raise Rejected(f"the schedule breaks a rule and cannot run: {violations[0]}")
        programs = lower(schedule)
        check_programs(schedule, programs)
        return cls(schedule, programs)

    def without(self, job: int) -> "Plan":
        """Return the plan without the actions of a job; the others keep their order.

        Both ends of a channel lose the same messages, and no cycle of waiting can come from fewer actions.
        """
        programs = (
            program._replace(actions=tuple(action for action in program.actions if action.job != job))
            for program in self.programs
        )
        return replace(self, programs=tuple(programs))

    @cached_property
    def trained(self) -> frozenset[int]:
        """The jobs that have actions: all of the schedule's, but for those that were stopped."""
        return frozenset(action.job for program in self.programs for action in program.actions)

    @property
    def ranks(self) -> int:
        """Ranks: one for each device."""
        return len(self.programs)

    @property
    def tick(self) -> float | None:
        """Seconds in a tick; None if the schedule's unit is no time."""
        return _SECONDS.get(self.schedule.instance.time_unit)

    @cached_property
    def starts(self) -> Mapping[Task, int]:
        """The planned start of each task."""
        return {row.task: row.start for row in self.schedule.tasks}

    @cached_property
    def ends(self) -> Mapping[Task, int]:
        """The planned end of each task."""
        return {row.task: row.end for row in self.schedule.tasks}

    def gaps(self, rank: int) -> Sequence[int]:
        """Return for each action of a rank how long the rank is planned to stand idle before it."""
        actions = self.programs[rank].actions
        gaps = [0] * len(actions)
        free = 0
        waiting: list[int] = []
        for index, action in enumerate(actions):
            if action.op == "run" and action.task in self.starts:
                for earlier in waiting:
                    gaps[earlier] = max(0, self.starts[action.task] - free)
                free, waiting = self.ends[action.task], []
            elif action.op == "take":
                waiting.append(index)
        return gaps

    def recent(self, rank: int, action: int, count: int = 4) -> tuple[Action, ...]:
        """Return the actions of a rank that end with the given one."""
        return self.programs[rank].actions[max(0, action + 1 - count) : action + 1]

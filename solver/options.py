"""The options of a solve, checked."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from gapweave.models.errors import InvalidOption
from gapweave.models.placement import Placement
from gapweave.models.schedule import Mode, Objective, Schedule

#: Least limit of the search's work, in deterministic units; a share of one is not less.
_LEAST_WORK = 1e-9


@dataclass(frozen=True)
class Options:
    """What `gapweave.solve` was asked for; raises InvalidOption if it does not go together."""

    objective: Objective
    mode: Mode
    primary: str | Path | Schedule | None
    primary_slack: float | None
    placement: Placement | Literal["search"]
    time_limit: float | None
    work_limit: float | None
    workers: int | None
    seed: int
    steps: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.objective not in ("makespan", "period"):
            raise InvalidOption(f"--objective: expected 'makespan' or 'period', got {self.objective!r}")
        if self.steps is not None and self.objective != "period":
            raise InvalidOption("--steps: goes with --objective period")
        if self.mode not in ("joint", "fill"):
            raise InvalidOption(f"--mode: expected 'joint' or 'fill', got {self.mode!r}")
        if self.primary_slack is not None and self.mode == "fill":
            raise InvalidOption("--primary-slack: goes with --mode joint, in fill the primary never slows")
        if self.primary is not None and self.mode == "joint" and self.primary_slack is None:
            raise InvalidOption("--primary: goes with --mode fill, in joint the primary is scheduled freely")
        for count in self.steps or ():
            _require_integer("--steps", count, 1, 1000)
        _require_number("--primary-slack", self.primary_slack, 0.0, 1e6)
        _require_number("--time-limit", self.time_limit, 1e-9, 1e9)
        _require_number("--work-limit", self.work_limit, _LEAST_WORK, 1e9)
        _require_integer("--workers", self.workers, 1, 10_000)
        _require_integer("--seed", self.seed, 0, 2**31 - 1)

    def with_work(self, share: float) -> "Options":
        """Return the options with this share of the work limit, if there is one."""
        if self.work_limit is None:
            return self
        return replace(self, work_limit=max(_LEAST_WORK, share * self.work_limit))

    @property
    def has_deadline(self) -> bool:
        """Whether a time limit, and nothing deterministic, ends the search."""
        return self.time_limit is not None and self.work_limit is None

    @property
    def threads(self) -> int:
        """Threads of the search."""
        return self.workers or len(os.sched_getaffinity(0))


def _require_number(option: str, value: object, least: float, most: float) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise InvalidOption(f"{option}: expected a number from {least:g} to {most:g}, got {value}")


def _require_integer(option: str, value: object, least: int, most: int) -> None:
    if value is None:
        return
    if type(value) is not int or not least <= value <= most:
        raise InvalidOption(f"{option}: expected an integer from {least} to {most}, got {value}")

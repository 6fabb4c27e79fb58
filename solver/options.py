"""The options of a solve, checked."""

import os
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Literal

from gapweave.models.errors import InvalidOption
from gapweave.models.placement import Placement
from gapweave.models.schedule import Mode, Objective, Schedule


@dataclass(frozen=True)
class Options:
    """What `gapweave.solve` was asked for; raises InvalidOption if it does not go together."""

    objective: Objective
    mode: Mode
    primary: str | Path | Schedule
    primary_slack: float | None
    placement: Placement | Literal["search"]
    time_limit: float | None
    work_limit: float | None
    workers: int | None
    seed: int

    def __post_init__(self) -> None:
        if self.objective != "makespan":
            raise InvalidOption(f"--objective: only 'makespan' can be solved so far, got {self.objective!r}")
        if self.mode not in ("joint", "fill"):
            raise InvalidOption(f"--mode: expected 'joint' or 'fill', got {self.mode!r}")
        if self.primary_slack is not None and self.mode == "fill":
            raise InvalidOption("--primary-slack: goes with --mode joint, in fill the primary never slows")
        _require("--primary-slack", self.primary_slack, least=0.0)
        _require("--time-limit", self.time_limit, above=0.0)
        _require("--work-limit", self.work_limit, above=0.0)
        _require("--workers", self.workers, least=1)
        if not 0 <= self.seed < 2**31:
            raise InvalidOption(f"--seed: expected an integer from 0 to 2^31 - 1, got {self.seed}")

    @property
    def threads(self) -> int:
        """Threads of the search."""
        return self.workers or len(os.sched_getaffinity(0))


def _require(
    option: str, value: float | None, *, least: float | None = None, above: float | None = None
) -> None:
    if value is None:
        return
    if not isfinite(value) or (least is not None and value < least) or (above is not None and value <= above):
        limit = f">= {least:g}" if least is not None else f"> {above:g}"
        raise InvalidOption(f"{option}: expected a number {limit}, got {value:g}")

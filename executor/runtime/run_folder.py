"""The folder through which a run and the processes of its ranks know of each other."""

import mmap
import os
from pathlib import Path

from gapweave.executor.program import Program
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.record import Record
from gapweave.models.schedule import Schedule

_NEVER = 2**62
#: Bytes of a log that are looked at.
_LOG_END = 1 << 16


class RunFolder:
    """Schedule, programs and options of a run, and a record and a log of each rank.

    Attributes
    ----------
    store
        The file through which the ranks find each other.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = path / "store"

    def fill(self, plan: Plan, options: RunOptions) -> None:
        """Write what the ranks read."""
        plan.schedule.save(self.path / "schedule.json")
        options.save(self.path / "options.json")
        for program in plan.programs:
            self._program(program.rank).write_text(str(program))
        (self.path / "stop").write_bytes(_NEVER.to_bytes(8, "little"))

    def plan(self) -> Plan:
        """Read the schedule and the programs of all ranks."""
        schedule = Schedule.load(self.path / "schedule.json")
        programs = (self._program(rank).read_text() for rank in range(len(schedule.instance.devices)))
        return Plan(schedule, tuple(map(Program.parse, programs)))

    def options(self) -> RunOptions:
        """Read the settings of the run."""
        return RunOptions.load(self.path / "options.json")

    def record_path(self, rank: int) -> Path:
        """Where a rank keeps its progress and its times."""
        return self.path / f"rank-{rank}.record"

    def record(self, rank: int) -> Record | None:
        """Return the record of a rank; None if it did not get so far."""
        try:
            return Record.open(self.record_path(rank))
        except (FileNotFoundError, ValueError):
            return None

    def log_path(self, rank: int) -> Path:
        """Where the output of a rank's process goes."""
        return self.path / f"rank-{rank}.log"

    def log(self, rank: int) -> str:
        """Return the end of what a rank's process has printed."""
        with self.log_path(rank).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LOG_END))
            return file.read().decode(errors="replace").strip()

    def last_words(self, rank: int) -> str:
        """Return the last line of a rank's log, empty if there is none."""
        return self.log(rank).rpartition("\n")[2].strip()

    def stop(self) -> "SharedStop":
        """Return the wish to stop that all ranks see."""
        return SharedStop(self.path / "stop")

    def _program(self, rank: int) -> Path:
        return self.path / f"rank-{rank}.program"


class SharedStop:
    """The repetition after which all ranks stop, in memory that they share."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._words = memoryview(mmap.mmap(file.fileno(), 8)).cast("q")

    def ask(self, repetition: int) -> None:
        """Ask every rank to stop after a repetition that none of them has completed."""
        self._words[0] = repetition

    def after(self, repetition: int) -> bool:
        """Whether the run ends with this repetition."""
        return repetition >= self._words[0]

"""Starts a process for each rank on this machine, and watches them until all are done or one fails."""

import logging
import selectors
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gapweave.executor.runtime.failure_report import RankState, RunFailed, first_failure
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.rank_process import RankProcess
from gapweave.executor.runtime.record import Record
from gapweave.executor.runtime.run_folder import RunFolder
from gapweave.executor.runtime.standstill import Standstill, standing
from gapweave.executor.runtime.training_loop import StepReport

_log = logging.getLogger(__name__)
#: Seconds between two looks at the wish to stop.
_GLANCE = 0.1
#: Seconds for the other ranks to say what they know of a failure, before they are ended.
_CONFESSION = 0.5
#: Seconds from a wish to stop to the end of the step that is under way; then it is given up.
_STEP_END = 1.2
_TERMINATION = 0.5
#: Seconds for the ranks to end by themselves when all of them are done.
_LEAVING = 10.0


@dataclass
class Reports:
    """What the ranks have said."""

    failed: dict[int, dict[str, Any]] = field(default_factory=dict)
    done: dict[int, dict[str, Any]] = field(default_factory=dict)


class Launcher:
    """The processes of one run.

    Parameters
    ----------
    folder
        Filled with the plan and the options.
    options
        Tell how long the ranks may take.
    on_report
        Called with each step that a rank completes.
    stopped
        Whether the user wishes to stop.
    """

    def __init__(
        self,
        folder: RunFolder,
        plan: Plan,
        options: RunOptions,
        on_report: Callable[[StepReport], None],
        stopped: Callable[[], bool],
    ) -> None:
        self._folder = folder
        self._plan = plan
        self._on_report = on_report
        self._stopped = stopped
        self._stop = folder.stop()
        self._reports = Reports()
        self._give_up: float | None = None
        self._leave: float | None = None
        self._standstill = Standstill(plan, options)
        self._records: dict[int, Record] = {}
        self._processes: list[RankProcess] = []

    def run(self) -> dict[int, dict[str, Any]]:
        """Run all ranks to their end.

        Returns
        -------
        dict
            What each rank said when it was done; of some ranks nothing, if the run was stopped in a step.

        Raises
        ------
        RunFailed
            A rank failed; no process is left.
        """
        try:
            for rank in range(self._plan.ranks):
                self._processes.append(RankProcess(self._folder, rank))
            if not self._watch():
                self._watch(until=time.monotonic() + _CONFESSION)
                states = self._states()
                first = first_failure([states[rank] for rank in self._reports.failed])
                _log.info("rank %d printed:\n%s", first.rank, self._folder.log(first.rank))
                raise RunFailed(first, states)
            return self._reports.done
        finally:
            self._end_all()

    def _watch(self, until: float | None = None) -> bool:
        """Listen to the ranks; return False as soon as one of them failed (without ``until``)."""
        with selectors.DefaultSelector() as selector:
            for process in self._processes:
                if process.rank not in self._reports.done and process.rank not in self._reports.failed:
                    selector.register(process.pipe, selectors.EVENT_READ, process)
            while watched := [key.data for key in selector.get_map().values()]:
                if until is not None and time.monotonic() > until:
                    break
                speaking = [key.data for key, _ in selector.select(_GLANCE)]
                for process in watched:
                    if (process in speaking or process.has_ended) and not self._listen(process):
                        selector.unregister(process.pipe)
                if self._reports.failed and until is None:
                    return False
                if self._is_given_up() or self._is_left():
                    return True
                if until is None:
                    self._note_standstill()
        return not self._reports.failed

    def _listen(self, process: RankProcess) -> bool:
        """Take in what a rank reports; return False when it will say no more."""
        reports = process.reports()
        if reports is None:
            self._note_end(process)
            return False
        for report in reports:
            if "step" in report:
                step = StepReport(*report["step"])
                self._standstill.learn(step.seconds)
                self._on_report(step)
            for kind, said in (("failed", self._reports.failed), ("done", self._reports.done)):
                if kind in report:
                    said[process.rank] = report[kind]
        return True

    def _note_end(self, process: RankProcess) -> None:
        """Note how the process of a rank ended that will say no more, and end what it left behind."""
        if process.rank not in self._reports.done and process.rank not in self._reports.failed:
            said = {"exit": process.wait(_TERMINATION), "text": self._folder.last_words(process.rank)}
            self._reports.failed[process.rank] = said
        if process.has_ended:
            process.terminate()
            process.kill(time.monotonic() + _TERMINATION)

    def _is_given_up(self) -> bool:
        """Pass a wish to stop on to the ranks; True when they have had their time."""
        if self._give_up is None and self._stopped():
            self._give_up = time.monotonic() + _STEP_END
            begun = [record.repetition for rank in self._ranks() if (record := self._folder.record(rank))]
            self._stop.ask(max(begun, default=-1) + 1)
        return self._give_up is not None and time.monotonic() > self._give_up

    def _is_left(self) -> bool:
        """Whether all ranks are done, and have had their time to end by themselves."""
        if self._leave is None and len(self._reports.done) == self._plan.ranks:
            self._leave = time.monotonic() + _LEAVING
        return self._leave is not None and time.monotonic() > self._leave

    def _note_standstill(self) -> None:
        """Count a rank as failed if none of those that are not done has advanced for too long."""
        records = {rank: self._record(rank) for rank in self._ranks() if rank not in self._reports.done}
        silence = self._standstill.look(records, time.monotonic())
        if silence is not None:
            self._reports.failed[standing(self._plan, records)] = {"silent": silence}

    def _record(self, rank: int) -> Record | None:
        if rank not in self._records and (record := self._folder.record(rank)) is not None:
            self._records[rank] = record
        return self._records.get(rank)

    def _states(self) -> list[RankState]:
        return [
            RankState.of(self._plan, rank, self._folder.record(rank), self._reports.failed.get(rank))
            for rank in self._ranks()
        ]

    def _ranks(self) -> range:
        return range(self._plan.ranks)

    def _end_all(self) -> None:
        for process in self._processes:
            process.close()
            process.terminate()
        end = time.monotonic() + _TERMINATION
        for process in self._processes:
            process.kill(end)

"""The process of one rank: ``python -m gapweave.executor.runtime.worker FOLDER RANK``.

It says what it does in lines of JSON on its standard output; everything else that is printed goes into its
log.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from gapweave.executor.runtime.fault import ActionFailed, reason
from gapweave.executor.runtime.parent_watch import end_with_parent
from gapweave.executor.runtime.run_folder import RunFolder
from gapweave.models.errors import GapweaveError


def main(arguments: list[str]) -> int:
    """Run one rank; return the exit code."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    reports = _own_standard_output()
    folder, rank = RunFolder(Path(arguments[0])), int(arguments[1])
    try:
        _run(folder, rank, reports)
    except BaseException as exc:  # a user's code may call sys.exit
        traceback.print_exc()
        _say(reports, {"failed": _described(exc)})
        os._exit(exc.exit_code if isinstance(exc, GapweaveError) else 7)  # no library's clean-up may hang
    return 0


def _run(folder: RunFolder, rank: int, reports: TextIO) -> None:
    from torch.distributed import FileStore  # type: ignore[attr-defined]

    from gapweave.executor.runtime.jobs import jobs_of
    from gapweave.executor.runtime.one_rank import run_rank
    from gapweave.executor.runtime.session import Session

    plan, options = folder.plan(), folder.options()
    jobs = jobs_of(plan.schedule, options)
    store = FileStore(str(folder.store), plan.ranks)
    with Session.on_one_machine(plan, options, rank, store) as session:
        own = run_rank(
            plan,
            options,
            jobs,
            session,
            lambda report: _say(reports, {"step": report}),
            folder.stop(),
            folder.record_path(rank),
        )
        done = {"completed": own.completed, "resumed": own.resumed, "digests": own.digests}
        _say(reports, {"done": done})


def _own_standard_output() -> TextIO:
    """Keep standard output for reports, and send what others print to standard error."""
    reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # what is printed stays, however this process ends
    return reports


def _say(reports: TextIO, message: Mapping[str, Any]) -> None:
    reports.write(json.dumps(message) + "\n")
    reports.flush()


def _described(exc: BaseException) -> dict[str, Any]:
    code = exc.exit_code if isinstance(exc, GapweaveError) else 7
    known = {"in_action": True, "job": exc.job} if isinstance(exc, ActionFailed) else {}
    return {"text": reason(exc), "exit_code": code} | known


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

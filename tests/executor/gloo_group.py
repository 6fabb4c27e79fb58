"""Processes that are started once and run many schedules, one after the other, over gloo."""

import json
import os
import subprocess
import sys
from pathlib import Path

import torch.distributed as dist
from parity_cases import STEPS, combinations_on_processes

from gapweave.executor.runtime.one_rank import run_rank
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.session import Session
from gapweave.executor.runtime.training_loop import NeverStop

LONGEST = 120.0


def digests_of_processes(ranks: int, folder: Path) -> list[dict[str, str]]:
    """Run every combination for so many ranks; return the digests of all parameters for each."""
    command = [sys.executable, __file__, str(folder), str(ranks)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(place or os.getcwd() for place in sys.path)}
    processes = [
        subprocess.Popen([*command, str(rank)], stdout=subprocess.PIPE, env=environment)
        for rank in range(ranks)
    ]
    try:
        outputs = [process.communicate(timeout=LONGEST)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    by_rank = [json.loads(output) for output in outputs]
    return [
        {name: digest for own in parts for name, digest in own.items()}
        for parts in zip(*by_rank, strict=True)
    ]


def _run_all(folder: str, ranks: int, rank: int) -> list[dict[str, str]]:
    store = dist.FileStore(str(Path(folder) / "store"), ranks)
    options = RunOptions(steps=STEPS, backend="gloo")
    digests = []
    for case in combinations_on_processes(ranks):
        plan = Plan.of(case.schedule)
        with Session.on_one_machine(plan, options, rank, dist.PrefixStore(str(case), store)) as session:
            outcome = run_rank(plan, options, case.jobs, session, lambda report: None, NeverStop())
        digests.append(dict(outcome.digests))
    return digests


if __name__ == "__main__":
    print(json.dumps(_run_all(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))

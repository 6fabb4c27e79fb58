"""Two torchrun agents on loopback, as on two machines: a lost rank ends both; the run goes on elsewhere."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from failing_jobs import FILE
from test_faults import CASE, DEADLINE, digests, is_alive, wait_for_checkpoint


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def agent(number: int, port: int, *options: str) -> "subprocess.Popen[str]":
    """One agent with one rank; ``options`` are those of gapweave run."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--nproc-per-node", "1"]
    place = ["--node-rank", str(number), "--master-addr", "127.0.0.1", "--master-port", str(port)]
    return subprocess.Popen(
        [*torchrun, *place, "-m", "gapweave", "run", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text()
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == parent:
                found.append(int(folder.name))
    return found


@pytest.mark.slow
def test_an_agent_that_is_killed_leaves_no_rank_behind(tmp_path: Path) -> None:
    schedule, folder = tmp_path / "pair.json", tmp_path / "checkpoints"
    CASE.schedule.save(schedule)
    options = ("--steps", "100000", "--deadline", str(DEADLINE), "--jobs", f"{FILE}:fine")
    port = free_port()
    agents = [agent(number, port, str(schedule), *options, "--checkpoint", str(folder)) for number in (0, 1)]
    wait_for_checkpoint(folder, 1)
    ranks = [rank for own in agents for rank in children(own.pid)]
    agents[1].kill()
    for own in agents:
        own.communicate(timeout=60)
        assert own.returncode != 0
    assert not any(map(is_alive, ranks))


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_rank_lost_on_one_machine_ends_both_and_the_run_goes_on(tmp_path: Path, victim: int) -> None:
    schedule, folder = tmp_path / "pair.json", tmp_path / "checkpoints"
    CASE.schedule.save(schedule)
    options = ("--steps", "100000", "--deadline", str(DEADLINE), "--jobs", f"{FILE}:fine")
    port = free_port()
    agents = [agent(number, port, str(schedule), *options, "--checkpoint", str(folder)) for number in (0, 1)]
    wait_for_checkpoint(folder, 1)
    ranks = [rank for own in agents for rank in children(own.pid)]
    os.kill(children(agents[victim].pid)[0], signal.SIGKILL)
    for own in agents:
        own.communicate(timeout=60)
        assert own.returncode != 0
    assert not any(map(is_alive, ranks))
    last = max(int(path.parent.name[5:]) for path in folder.glob("step-*/checkpoint.json"))
    assert digests(schedule, folder, last + 2) == digests(schedule, tmp_path / "whole", last + 2)

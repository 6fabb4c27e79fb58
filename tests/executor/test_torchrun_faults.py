"""Two agents of torchrun on loopback stand for two machines, of which one loses its rank or goes away."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from failing_jobs import FILE
from parity_cases import Case

CASE = Case(2, ("same", "reversed"), (False, True), (False, False), "interleaved")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def agent(schedule: Path, node: int, port: int, log: Path, *words: str) -> "subprocess.Popen[bytes]":
    launch = ["--nnodes", "2", "--node-rank", str(node), "--nproc-per-node", "1", "--max-restarts", "1"]
    launch += ["--rdzv-backend", "c10d", "--rdzv-endpoint", f"127.0.0.1:{port}", "--monitor-interval", "0.1"]
    run = ["-m", "gapweave", "run", str(schedule), "--jobs", f"{FILE}:fine", "--deadline", "3", *words]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(place or os.getcwd() for place in sys.path),
        "GLOO_SOCKET_IFNAME": "lo",
        "OMP_NUM_THREADS": "1",
    }
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "torch.distributed.run", *launch, *run],
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def ranks_of(agent: "subprocess.Popen[bytes]") -> list[int]:
    children = Path(f"/proc/{agent.pid}/task/{agent.pid}/children").read_text().split()
    return [int(child) for child in children if b"gapweave" in Path(f"/proc/{child}/cmdline").read_bytes()]


def wait_for_step(folder: Path, step: int) -> None:
    end = time.monotonic() + 90
    while not any(int(path.parent.name[5:]) >= step for path in folder.glob("step-*/checkpoint.json")):
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def agents(tmp_path: Path) -> Iterator[list["subprocess.Popen[bytes]"]]:
    CASE.schedule.save(tmp_path / "pair.json")
    folder, port = tmp_path / "saved", free_port()
    words = ("--steps", "100000", "--checkpoint", str(folder), "--resume")
    both = [agent(tmp_path / "pair.json", node, port, tmp_path / f"{node}.log", *words) for node in (0, 1)]
    yield both
    for one in both:
        if one.poll() is None:
            for rank in ranks_of(one):  # they are no children of the agent's session
                os.kill(rank, signal.SIGKILL)
            os.killpg(one.pid, signal.SIGKILL)
            one.wait()


@pytest.mark.slow
def test_a_killed_rank_is_started_again_and_training_goes_on(
    agents: list["subprocess.Popen[bytes]"], tmp_path: Path
) -> None:
    wait_for_step(tmp_path / "saved", 2)
    os.kill(ranks_of(agents[1])[0], signal.SIGKILL)
    time.sleep(1)
    newest = max(int(path.parent.name[5:]) for path in (tmp_path / "saved").glob("step-*/checkpoint.json"))
    wait_for_step(tmp_path / "saved", newest + 3)
    for one in agents:
        assert one.poll() is None, (tmp_path / "0.log").read_text()

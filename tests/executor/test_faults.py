"""What goes wrong while processes train: all of them end, the place is named, and the run can go on."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from failing_jobs import FILE
from parity_cases import Case
from schedule_factory import build_schedule, make_instance, uniform_job

DEADLINE = 3.0
CASE = Case(2, ("same", "reversed"), (False, True), (False, False), "interleaved")


@pytest.fixture
def schedule(tmp_path: Path) -> Path:
    CASE.schedule.save(tmp_path / "pair.json")
    return tmp_path / "pair.json"


def command(schedule: Path, *options: str) -> list[str]:
    program = [sys.executable, "-m", "gapweave", "run", str(schedule), "--deadline", str(DEADLINE), *options]
    return [*program, "--backend", "gloo"]


def start(schedule: Path, *options: str) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    return subprocess.Popen(command(schedule, *options), stdout=pipe, stderr=pipe, text=True)


def ranks_of(run: "subprocess.Popen[str]") -> list[int]:
    """Process ids of the ranks of a run, in their order."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and _parent(folder) == run.pid:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if b"gapweave.executor.runtime.worker" in words:
                found.append((words[-2], int(folder.name)))
    return [number for _, number in sorted(found)]


def _parent(folder: Path) -> int | None:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None


def is_alive(number: int) -> bool:
    try:
        return "\nState:\tZ" not in (Path("/proc") / str(number) / "status").read_text()
    except OSError:
        return False


def wait_for_checkpoint(folder: Path, step: int) -> None:
    end = time.monotonic() + 90
    while not any(int(path.parent.name[5:]) >= step for path in folder.glob("step-*/checkpoint.json")):
        assert time.monotonic() < end
        time.sleep(0.02)


def digests(schedule: Path, folder: Path, steps: int) -> dict[str, str]:
    """The parameters at the end of a run that resumes, by their names in the checkpoint."""
    import torch
    from torch.distributed.checkpoint.format_utils import dcp_to_torch_save

    jobs = f"{FILE}:fine"
    done = subprocess.run(
        command(schedule, "--steps", str(steps), "--jobs", jobs, "--checkpoint", str(folder), "--resume"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    dcp_to_torch_save(folder / f"step-{steps:08}", folder / "all.pt")
    state = torch.load(folder / "all.pt")
    return {key: str(value.flatten().tolist()) for key, value in state.items()}


def kill_and_resume(schedule: Path, folder: Path, rng: random.Random) -> int:
    """Kill a rank at some moment, see everything end, resume; returns the steps of the whole run."""
    run = start(schedule, "--steps", "100000", "--jobs", f"{FILE}:fine", "--checkpoint", str(folder))
    wait_for_checkpoint(folder, 2)
    time.sleep(rng.uniform(0, 0.3))
    ranks = ranks_of(run)
    victim = rng.randrange(len(ranks))
    os.kill(ranks[victim], signal.SIGKILL)
    _, error = run.communicate(timeout=DEADLINE + 5)
    assert run.returncode == 7
    assert f"rank {victim}" in error
    assert "killed by signal 9 (SIGKILL)" in error
    assert not any(map(is_alive, ranks))
    last = max(int(path.parent.name[5:]) for path in folder.glob("step-*/checkpoint.json"))
    return last + 2


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_rank_ends_the_run_which_then_goes_on(schedule: Path, tmp_path: Path, seed: int) -> None:
    steps = kill_and_resume(schedule, tmp_path / "killed", random.Random(seed))
    resumed = digests(schedule, tmp_path / "killed", steps)
    assert resumed == digests(schedule, tmp_path / "whole", steps)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_any_rank_may_be_killed_at_any_moment(schedule: Path, tmp_path: Path, seed: int) -> None:
    steps = kill_and_resume(schedule, tmp_path / "killed", random.Random(100 + seed))
    resumed = digests(schedule, tmp_path / "killed", steps)
    assert resumed == digests(schedule, tmp_path / "whole", steps)


def test_a_rank_that_dies_while_others_wait_to_save_is_the_one_named(schedule: Path, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    run = start(schedule, "--steps", "9", "--jobs", f"{FILE}:dying_optimizer", "--checkpoint", str(folder))
    _, error = run.communicate(timeout=90)
    assert run.returncode == 7
    assert re.match(r"gapweave: error: rank 0, step 3, 'run O .*': killed by signal 9", error), error


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        ("hang", r"rank 0, step \d+, 'take .*': nothing came from rank 1|rank 1, step"),
        ("broken", "this stage is broken"),
        ("nan", "job 1, step [12], stage [01]: .* is not finite"),
    ],
)
def test_a_stage_in_trouble_ends_the_run_with_its_place(schedule: Path, function: str, problem: str) -> None:
    run = start(schedule, "--steps", "50", "--jobs", f"{FILE}:{function}")
    _, error = run.communicate(timeout=90)
    assert run.returncode == 7
    lines = [line for line in error.splitlines() if line.startswith("gapweave: error:")]
    assert len(lines) == 1
    assert re.search(problem, lines[0]), lines
    first, _, *ranks = error.splitlines()
    assert first == lines[0]
    assert [row.split()[0] for row in ranks] == ["0", "1"]


def test_a_hang_for_which_no_other_rank_waits_ends_the_run_too(tmp_path: Path) -> None:
    build_schedule(make_instance(uniform_job(1, 2), devices=1)).save(tmp_path / "one.json")
    run = start(tmp_path / "one.json", "--steps", "3", "--jobs", f"{FILE}:hanging_optimizer")
    _, error = run.communicate(timeout=90)
    assert run.returncode == 7
    assert "error: rank 0, step 3, 'run O j0 t0 s0': stands still, no rank advanced for" in error


def test_what_a_failing_rank_printed_is_shown_with_debug(tmp_path: Path) -> None:
    build_schedule(make_instance(uniform_job(1, 2), devices=1)).save(tmp_path / "one.json")
    run = start(tmp_path / "one.json", "--steps", "9", "--jobs", f"{FILE}:leaving", "--debug")
    _, error = run.communicate(timeout=90)
    assert run.returncode == 7
    assert "\ngapweave: error: rank 0, step 4, 'run F j0 t0 s0 m0': SystemExit: 5\n" in error
    printed = error.partition("rank 0 printed:\n")[2]
    assert printed.startswith("a stage leaves\nTraceback (most recent call last):\n")


@pytest.fixture
def forking_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], "subprocess.Popen[str]"]:
    """Starts a run of one rank, which starts a process of its own."""
    monkeypatch.setenv("FORKED", str(tmp_path / "forked"))
    build_schedule(make_instance(uniform_job(1, 1), devices=1)).save(tmp_path / "one.json")
    words = ("--jobs", f"{FILE}:forking", "--steps")
    return lambda steps: start(tmp_path / "one.json", *words, str(steps))


def forked(tmp_path: Path) -> int:
    """The process that a rank has started."""
    end = time.monotonic() + 90
    while not (tmp_path / "forked").exists() or not (tmp_path / "forked").read_text().endswith("\n"):
        assert time.monotonic() < end
        time.sleep(0.02)
    return int((tmp_path / "forked").read_text())


def test_a_rank_that_ends_leaves_no_process_behind(
    forking_run: Callable[[int], "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    run = forking_run(2)
    _, error = run.communicate(timeout=90)
    assert run.returncode == 0, error
    assert not is_alive(forked(tmp_path))


def test_a_killed_rank_is_noticed_although_its_children_live(
    forking_run: Callable[[int], "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    run = forking_run(10_000_000)
    child = forked(tmp_path)
    (rank,) = ranks_of(run)
    os.kill(rank, signal.SIGKILL)
    _, error = run.communicate(timeout=90)
    assert run.returncode == 7
    assert re.search(r"rank 0, .*: killed by signal 9 \(SIGKILL\)", error)
    assert not is_alive(child)


@pytest.fixture
def stopped_rank(schedule: Path, tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", list[int]]]:
    """A run of which one rank was stopped while it trained."""
    folder = tmp_path / "stopped"
    run = start(schedule, "--steps", "100000", "--jobs", f"{FILE}:fine", "--checkpoint", str(folder))
    wait_for_checkpoint(folder, 2)
    ranks = ranks_of(run)
    os.kill(ranks[1], signal.SIGSTOP)
    yield run, ranks
    for rank in filter(is_alive, ranks):
        os.kill(rank, signal.SIGKILL)


def test_a_rank_that_stands_still_is_given_up_after_the_deadline(
    stopped_rank: tuple["subprocess.Popen[str]", list[int]],
) -> None:
    run, ranks = stopped_rank
    _, error = run.communicate(timeout=10 * DEADLINE)
    assert run.returncode == 7
    assert "rank" in error
    assert not any(map(is_alive, ranks))


def test_ctrl_c_ends_the_run_between_steps_and_keeps_the_checkpoint(schedule: Path, tmp_path: Path) -> None:
    folder = tmp_path / "interrupted"
    options = ("--steps", "100000", "--jobs", f"{FILE}:fine", "--checkpoint", str(folder), "--json")
    run = start(schedule, *options)
    wait_for_checkpoint(folder, 2)
    run.send_signal(signal.SIGINT)
    output, error = run.communicate(timeout=20)
    report = json.loads(output)
    assert report["interrupted"] is True, error
    newest = max(int(path.parent.name[5:]) for path in folder.glob("step-*/checkpoint.json"))
    assert newest == report["completed"]

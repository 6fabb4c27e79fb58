"""Outputs that cannot be written: exit code 8, one line, and what stood there before is intact."""

import os
import resource
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from outcome import Outcome, Run

WRITERS: dict[str, tuple[str, ...]] = {
    "instances make": ("instances", "make", "--devices", "4", "--microbatches", "8", "--seed", "1"),
    "solve": ("solve", "uniform-p4-m8-k1", "--time-limit", "5", "--workers", "1"),
    "export csv": ("export", "good.schedule.json", "--to", "csv"),
    "export perfetto": ("export", "good.schedule.json", "--to", "perfetto"),
    "show": ("show", "good.schedule.json"),
}
PRINTERS = [("--version",), ("--help",), ("instances", "list"), ("schema", "instance")]
NO_PLACES = ["missing/x.svg", "good.schedule.json/x.svg", f"{'x' * 300}.svg", "folder.svg"]
MOST_BYTES = 64

for_each_writer = pytest.mark.parametrize("writer", WRITERS)
pytestmark = pytest.mark.usefixtures("schedule_file")


def in_subprocess(*words: str, limit_file_size: bool = False, **streams: int) -> Outcome:
    limit: Callable[[], None] | None = None
    if limit_file_size:

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))

    streams = {"stdout": subprocess.PIPE} | streams
    done = subprocess.run(
        [sys.executable, "-m", "gapweave", *words],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,
        check=False,
        **streams,
    )
    return Outcome(done.returncode, done.stdout or "", done.stderr)


@for_each_writer
def test_an_output_is_written(run: Run, writer: str) -> None:
    outcome = run(*WRITERS[writer], "-o", "out.svg")
    assert (outcome.code, outcome.err) == (0, "")
    assert Path("out.svg").stat().st_size > MOST_BYTES
    assert "wrote" in outcome.out
    assert "out.svg" in outcome.out


@for_each_writer
@pytest.mark.parametrize("target", NO_PLACES)
def test_a_target_that_is_no_place_for_a_file_is_refused(run: Run, writer: str, target: str) -> None:
    Path("folder.svg").mkdir()
    before = sorted(Path().rglob("*"))
    outcome = run(*WRITERS[writer], "-o", target)
    assert outcome.code == 8
    assert outcome.error.startswith(f"gapweave: error: {target}: cannot be written")
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize("writer", [name for name in WRITERS if name != "show"])
def test_an_empty_name_is_refused(run: Run, writer: str) -> None:
    before = sorted(Path().rglob("*"))
    outcome = run(*WRITERS[writer], "-o", "")
    assert outcome.code == 8
    assert outcome.error == "gapweave: error: '': cannot be written: a file needs a name"
    assert sorted(Path().rglob("*")) == before


@for_each_writer
def test_a_full_device_is_refused(run: Run, writer: str) -> None:
    Path("full.svg").symlink_to("/dev/full")
    outcome = run(*WRITERS[writer], "-o", "full.svg")
    assert outcome.code == 8
    assert outcome.error.endswith("full.svg: cannot be written: No space left on device")


@for_each_writer
def test_a_full_disk_leaves_the_old_file_intact(run: Run, writer: str) -> None:
    run(*WRITERS[writer], "-o", "warm.svg")  # so that no library has caches of its own left to write
    Path("old.svg").write_text("old", encoding="utf-8")
    before = sorted(Path().rglob("*"))
    outcome = in_subprocess(*WRITERS[writer], "-o", "old.svg", limit_file_size=True)
    assert outcome.code == 8
    assert outcome.error.endswith("old.svg: cannot be written: File too large")
    assert Path("old.svg").read_text(encoding="utf-8") == "old"
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize("words", PRINTERS)
def test_a_full_standard_output_is_refused(words: tuple[str, ...]) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        outcome = in_subprocess(*words, stdout=full.fileno())
    assert outcome.code == 8
    assert outcome.error == "gapweave: error: standard output: cannot be written: No space left on device"


@pytest.mark.parametrize("words", PRINTERS)
def test_a_reader_that_went_away_is_met_with_silence(words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    outcome = in_subprocess(*words, stdout=writing)
    os.close(writing)
    assert (outcome.code, outcome.err) == (8, "")


@pytest.mark.parametrize("words", [*PRINTERS, ("solve", "--help")])
def test_a_closed_standard_output_is_refused(words: tuple[str, ...]) -> None:
    command = shlex.join([sys.executable, "-m", "gapweave", *words])
    done = subprocess.run(f"{command} >&-", shell=True, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 8
    assert done.stderr == "gapweave: error: standard output: is closed\n"

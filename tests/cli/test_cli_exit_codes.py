"""Every way to fail has its exit code and one line on standard error; a traceback only with --debug."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from outcome import Run

import gapweave

COMMANDS = ("solve", "compare", "check", "show", "export", "instances", "schema")
MAKE = ("instances", "make", "--seed", "0", "-o", "made.json")


def raising(exc: BaseException) -> object:
    def fail(*_: object, **__: object) -> None:
        raise exc

    return fail


def gapweave_process(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gapweave", *words], capture_output=True, text=True, check=False
    )


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version").out == f"gapweave {gapweave.__version__}\n"


@pytest.mark.parametrize(
    "words", [(), *((command,) for command in COMMANDS), ("instances", "show"), ("instances", "make")]
)
def test_every_command_has_help(run: Run, words: tuple[str, ...]) -> None:
    outcome = run(*words, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert "Usage: gapweave" in outcome.out


def test_without_a_command_the_help_is_shown(run: Run) -> None:
    assert run().out == run("--help").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("chek", "x.json"), "'chek'"),
        (("check",), "SCHEDULE"),
        (("solve",), "INSTANCE"),
        (("compare",), "INSTANCE"),
        (("check", "a.json", "b.json"), "b.json"),
        (("check", "a.json", "--fast"), "--fast"),
        (("show", "a.json", "--width", "many"), "--width"),
        (("show", "a.json", "--width", "2"), "--width"),
        (("show", "a.json", "--jobs", "third"), "--jobs"),
        (("show", "good.schedule.json", "-o", "a.gif"), "a.gif: expected a name that ends in"),
        (("export", "a.json", "--to", "excel", "-o", "a"), "excel"),
        (("export", "a.json", "--to", "csv"), "--output"),
        (("schema", "trace"), "trace"),
        (("instances",), "command"),
        ((*MAKE, "--devices", "0", "--microbatches", "1"), "--devices"),
        ((*MAKE, "--devices", "1", "--microbatches", "1,"), "--microbatches"),
        ((*MAKE, "--devices", "1", "--microbatches", "1", "--spread", "nan"), "--spread"),
    ],
)
def test_wrong_options_exit_with_2(run: Run, schedule_file: Path, words: tuple[str, ...], said: str) -> None:
    outcome = run(*words)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.error
    assert list(Path().resolve().iterdir()) == [schedule_file]


def test_an_unforeseen_error_exits_with_9(
    run: Run, schedule_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gapweave.models.verify.verify", raising(ZeroDivisionError("by\nzero")))
    outcome = run("check", schedule_file)
    assert outcome.code == 9
    assert "internal error: ZeroDivisionError: by\\nzero (--debug" in outcome.error


@pytest.mark.parametrize("words", [("--debug", "check"), ("check", "--debug")])
def test_debug_anywhere_shows_the_traceback(run: Run, words: tuple[str, ...]) -> None:
    outcome = run(*words, "missing.json")
    assert outcome.code == 3
    assert outcome.err.startswith("Traceback (most recent call last):")
    assert outcome.err.splitlines()[-1].startswith("gapweave: error: missing.json: ")


def test_debug_after_a_double_dash_is_a_file_name(run: Run) -> None:
    assert run("check", "--", "--debug").error.startswith("gapweave: error: --debug: cannot be read")


def test_an_interrupt_exits_with_130(run: Run, schedule_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gapweave.models.verify.verify", raising(KeyboardInterrupt()))
    outcome = run("check", schedule_file)
    assert (outcome.code, outcome.error) == (130, "gapweave: error: interrupted")


def test_the_exit_code_reaches_the_shell(schedule_file: Path) -> None:
    assert gapweave_process("check", str(schedule_file)).returncode == 0
    assert gapweave_process("check", str(schedule_file), "--slow").returncode == 2
    missing = gapweave_process("check", "missing.json")
    assert missing.returncode == 3
    assert missing.stderr.count("\n") == 1


def test_start_up_loads_no_heavy_library() -> None:
    program = (
        "import sys; from gapweave.cli.main import main; main(['--version']);"
        "print(*{'torch', 'ortools', 'matplotlib', 'networkx', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1:] == [""]


def test_a_heuristic_that_does_not_apply_is_an_object_too(run: Run) -> None:
    words = ("solve", "uniform-p8-m8-k2", "--mode", "fill", "--primary", "zb-h1", "-o", "x.json")
    done = run(*words, "--json")
    assert done.code == 5
    failure = json.loads(done.out)
    assert failure["status"] == "unknown"
    assert failure["reason"] in done.error


@pytest.mark.parametrize("name", ["simulate", "bench"])
def test_a_command_to_come_says_so(run: Run, name: str) -> None:
    done = run(name, "pair.json")
    assert (done.code, done.out) == (2, "")
    assert f"{name}: there is no such command yet" in done.error

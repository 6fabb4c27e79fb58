"""What works without torch: all modules of the command line, planning a run, and checking it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from schedule_factory import build_schedule, make_instance, uniform_job

ROOT = Path(__file__).resolve().parents[2]
#: Parts of the executor that say of themselves that they need no torch.
TORCH_FREE = (
    "chrome_trace",
    "dry_run",
    "lowering",
    "measured",
    "program",
    "program_grid",
    "run",
    "run_result",
    "static_check",
    "torch_csv",
    "runtime.early_checks",
    "runtime.failure_report",
    "runtime.options",
    "runtime.plan",
)
#: Makes Python behave as if torch were not installed: it is neither found nor imported.
WITHOUT_TORCH = "import sys; sys.modules['torch'] = None"


def python(program: str, *arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(place or os.getcwd() for place in (str(ROOT), *sys.path))
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
    )


def modules_below(folder: str) -> list[str]:
    """Names of all modules of gapweave in a folder of the repository."""
    package = ("gapweave", *Path(folder).parts) if not folder.startswith("gapweave") else Path(folder).parts
    names = []
    for file in sorted((ROOT / folder).rglob("*.py")):
        inner = file.relative_to(ROOT / folder).with_suffix("").parts
        names.append(".".join((*package, *inner)).removesuffix(".__init__"))
    return names


def torch_free_modules() -> list[str]:
    names = []
    for part in TORCH_FREE:
        path = part.replace(".", "/")
        is_package = (ROOT / "executor" / path).is_dir()
        names += modules_below(f"executor/{path}") if is_package else [f"gapweave.executor.{part}"]
    return names


def test_no_module_of_the_command_line_loads_torch() -> None:
    modules = ["gapweave", *(name for name in modules_below("gapweave/cli") if "__main__" not in name)]
    program = "import sys; [__import__(name) for name in sys.argv[1:]]; print('torch' in sys.modules)"
    done = python(program, *modules)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_planning_and_checking_need_no_torch() -> None:
    program = f"{WITHOUT_TORCH}; [__import__(name) for name in sys.argv[1:]]; print('imported')"
    done = python(program, *torch_free_modules())
    assert (done.stdout, done.stderr) == ("imported\n", "")


@pytest.fixture
def schedule_file(tmp_path: Path) -> Path:
    file = tmp_path / "pair.schedule.json"
    build_schedule(make_instance(uniform_job(2, 2), uniform_job(2, 2), devices=2)).save(file)
    return file


def gapweave_without_torch(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = f"{WITHOUT_TORCH}; from gapweave.cli.main import main; raise SystemExit(main(sys.argv[1:]))"
    return python(program, *words, folder=folder)


@pytest.mark.parametrize(
    "words",
    [
        ("run", "pair.schedule.json"),
        ("run", "pair.schedule.json", "--check", "--backend", "in-process"),
        ("profile", "-o", "measured.json"),
    ],
    ids=" ".join,
)
def test_a_command_that_needs_torch_says_which_extra_brings_it(
    words: tuple[str, ...], schedule_file: Path
) -> None:
    done = gapweave_without_torch(*words, folder=schedule_file.parent)
    (line,) = done.stderr.splitlines()
    assert line.startswith("gapweave: error: ")
    assert line.endswith("needs an extra: pip install 'gapweave[exec]'")
    assert (done.returncode, done.stdout) == (9, "")


def test_a_dry_run_and_an_export_need_no_torch(schedule_file: Path) -> None:
    folder = schedule_file.parent
    played = gapweave_without_torch("run", schedule_file.name, "--dry-run", folder=folder)
    assert (played.returncode, played.stderr) == (0, "")
    written = gapweave_without_torch(
        "export", schedule_file.name, "--to", "torch-csv", "-o", "pair.csv", folder=folder
    )
    assert (written.returncode, written.stderr) == (0, "")

"""The rules that keep the code in one piece: who may import whom, and how long a file may be."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("models", "solver", "executor", "instances")
FOLDERS = (*PACKAGES, "gapweave", "tests", "benchmarks", ".ci")
LONGEST_FILE = 400

#: What the files of each folder must not import.
FORBIDDEN = {
    "models": ("gapweave.solver", "gapweave.executor", "gapweave.cli", "gapweave.reports"),
    "instances": ("gapweave.solver", "gapweave.executor", "gapweave.cli", "gapweave.reports"),
    "solver": ("gapweave.executor", "gapweave.cli", "gapweave.reports"),
    "executor": ("gapweave.solver", "gapweave.cli", "gapweave.reports"),
}
#: Heavy libraries and the only folder that may import them.
ONLY_UNDER = {"torch": "executor", "ortools": "solver"}


def python_files(folder: str) -> Iterator[Path]:
    """Every Python file below a top-level folder, but none that a symlink leads to."""
    for file in sorted((ROOT / folder).rglob("*.py")):
        if not any(parent.is_symlink() for parent in file.parents):
            yield file


def imported_names(file: Path) -> Iterator[str]:
    """Absolute names of what a file imports, wherever in the file, with the names taken from a module."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute_base(file, node)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def absolute_base(file: Path, node: ast.ImportFrom) -> str:
    module = node.module or ""
    if not node.level:
        return module
    parts = file.relative_to(ROOT).parts
    package = parts if parts[0] == "gapweave" else ("gapweave", *parts)
    return ".".join([*package[: len(package) - node.level], module]).rstrip(".")


def is_under(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def offenders(folder: str, forbidden: tuple[str, ...]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in python_files(folder)
        for name in imported_names(file)
        if any(is_under(name, package) for package in forbidden)
    ]


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_dependencies_point_one_way(folder: str) -> None:
    assert offenders(folder, FORBIDDEN[folder]) == []


@pytest.mark.parametrize("library", ONLY_UNDER)
def test_a_heavy_library_is_imported_under_one_folder_only(library: str) -> None:
    others = [folder for folder in (*PACKAGES, "gapweave") if folder != ONLY_UNDER[library]]
    assert [offence for folder in others for offence in offenders(folder, (library,))] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_imports_a_top_level_folder_by_its_bare_name(folder: str) -> None:
    assert offenders(folder, PACKAGES) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_is_longer_than_400_lines(folder: str) -> None:
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in python_files(folder)}
    assert {str(file): length for file, length in lengths.items() if length > LONGEST_FILE} == {}


def test_every_folder_with_code_is_looked_at() -> None:
    assert all(any(python_files(folder)) for folder in (*PACKAGES, "gapweave", "tests"))


def test_importing_gapweave_loads_nothing_heavy() -> None:
    program = "import gapweave, sys; print(*(name for name in sys.argv[1:] if name in sys.modules))"
    heavy = ["torch", "ortools", "matplotlib", "plotly", "networkx", "numba"]
    done = subprocess.run(
        [sys.executable, "-c", program, *heavy], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.split() == []


def test_every_entry_point_leads_to_code() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    entries = [
        EntryPoint(name, target, group)
        for group, targets in project["entry-points"].items()
        for name, target in targets.items()
    ]
    assert all(callable(entry.load()) for entry in entries)

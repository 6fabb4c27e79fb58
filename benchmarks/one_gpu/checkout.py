"""Use of gapweave from a checkout that is not installed: its entry points stand in pyproject.toml only."""

import sys
import tempfile
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def make_heuristics_known() -> None:
    """Describe the checkout as an installed package would be, if no package has gapweave's heuristics."""
    if not entry_points(group="gapweave.heuristics"):
        sys.path.append(str(describe_checkout(Path(tempfile.mkdtemp()))))


def describe_checkout(folder: Path) -> Path:
    """Write the description of an installed package, with all entry points, into a folder; return it."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
    described = folder / "gapweave-0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: gapweave\nVersion: 0\n")
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items()), ""]
    (described / "entry_points.txt").write_text("\n".join(lines))
    return folder

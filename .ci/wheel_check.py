"""Builds the wheel and uses it as a stranger would: alone, without extras, far from the checkout.

An editable install hides a package or a data file that is missing from the wheel; this does not.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TINY = "uniform-p4-m8-k1"
#: What the extras bring, and what the core must do without.
EXTRAS = ("torch", "matplotlib", "plotly")

IMPORT_EACH = """
import importlib, importlib.util, json, sys
extras = sys.argv[1].split(",")
for extra in extras:
    assert importlib.util.find_spec(extra) is None, f"{extra} is installed"
skipped = []
for name in json.load(sys.stdin):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as exc:
        if (exc.name or "").split(".")[0] not in extras:
            raise
        skipped.append(name)
print("needing an extra:", ", ".join(skipped) or "none")
"""


def main() -> None:
    """Run the whole check; any failure ends it with a non-zero exit code."""
    with tempfile.TemporaryDirectory(prefix="gapweave-wheel-") as folder:
        work = Path(folder)
        binaries = _install(_build(work), work)
        modules = _modules()
        assert modules, f"no modules under {ROOT}"
        _run([binaries / "python", "-c", IMPORT_EACH, ",".join(EXTRAS)], work, json.dumps(modules))
        print(f"{len(modules)} modules of the checkout are in the wheel")
        _use(binaries / "gapweave", work)
    print("wheel check passed")


def _build(work: Path) -> Path:
    _run([sys.executable, "-m", "build", "--wheel", "--outdir", work, ROOT], work)
    (wheel,) = work.glob("*.whl")
    return wheel


def _install(wheel: Path, work: Path) -> Path:
    """Install the wheel alone into a fresh environment; return the folder of its programs."""
    _run([sys.executable, "-m", "venv", work / "venv"], work)
    binaries = work / "venv" / ("Scripts" if os.name == "nt" else "bin")
    _run(
        [binaries / "python", "-m", "pip", "install", "--quiet", wheel, "-c", ROOT / "constraints.txt"], work
    )
    return binaries


def _modules() -> list[str]:
    """Return the names of all modules in the checkout, except the one that runs the program."""
    files: list[Path] = []
    pending = [ROOT / "gapweave"]
    while pending:
        folder = pending.pop()
        files += folder.glob("*.py")
        pending += [child for child in folder.iterdir() if (child / "__init__.py").exists()]
    names = (".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files)
    return sorted(name.removesuffix(".__init__") for name in names if not name.endswith(".__main__"))


def _use(gapweave: Path, work: Path) -> None:
    print(_run([gapweave, "--version"], work).strip())
    listed = json.loads(_run([gapweave, "instances", "list", "--json"], work))
    shipped = {instance["name"] for instance in listed["instances"]}
    expected = {file.stem for file in (ROOT / "instances").glob("*.json") if file.name != "best_known.json"}
    assert shipped == expected, f"missing from the wheel: {sorted(expected - shipped)}"
    _run([gapweave, "solve", TINY, "--time-limit", "20", "-o", "tiny.schedule.json"], work)
    print(_run([gapweave, "check", "tiny.schedule.json"], work), end="")


def _run(command: list[str | Path], folder: Path, given: str | None = None) -> str:
    """Run one program in ``folder``; its errors appear, its output is returned."""
    # Nothing of the checkout may leak in.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    print("+", *("..." if "\n" in str(part) else part for part in command), flush=True)
    done = subprocess.run(
        command, cwd=folder, env=environment, input=given, text=True, stdout=subprocess.PIPE, check=False
    )
    if done.returncode:
        print(done.stdout)
        raise SystemExit(f"exit code {done.returncode}: {' '.join(map(str, command[:2]))}")
    return done.stdout


if __name__ == "__main__":
    main()

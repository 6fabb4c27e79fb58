"""The methods that can be measured, by name."""

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, entry_points, version
from typing import Protocol

from benchmarks.digests import digest_of_code
from benchmarks.recorder import Recorder
from benchmarks.runs import Setting
from gapweave import Instance, Schedule

SOLVER = "gapweave"
#: The solver in mode ``fill``, around a primary under 1F1B or as the solver schedules it alone.
FILL_1F1B = "gapweave-fill-1f1b"
FILL_SOLVER = "gapweave-fill-solver"
#: Entry points under which gapweave and others register heuristics.
HEURISTICS = "gapweave.heuristics"

_GAPWEAVE_CODE = ("models", "solver")
_PEER_CODE = ("benchmarks/cp_sat_recording.py", "benchmarks/device_memory.py", "benchmarks/peer_schedule.py")


class Schedules(Protocol):
    """A method, ready to run.

    It reports every improvement to the recorder and returns its best schedule, None if it found none in time.
    It raises NotApplicable if it cannot express the instance, Infeasible if it proves that none exists.
    """

    def __call__(self, instance: Instance, setting: Setting, recorder: Recorder) -> Schedule | None:
        """Schedule all jobs of an instance with the least makespan."""
        ...


@dataclass(frozen=True)
class Method:
    """A method, not yet imported.

    Attributes
    ----------
    module
        Under ``benchmarks``; its function ``load(name)`` returns what runs the method.
    packages
        Distributions that must be installed.
    code
        Files and folders of this checkout that its results depend on.
    searches
        Whether it may use all of the time limit.
    """

    name: str
    module: str
    packages: tuple[str, ...]
    code: tuple[str, ...]
    searches: bool = True

    @property
    def version(self) -> str | None:
        """Versions of the packages and a digest of the code; None if a package is not installed."""
        try:
            versions = ", ".join(f"{package} {version(package)}" for package in self.packages)
        except PackageNotFoundError:
            return None
        return f"{versions} ({digest_of_code(self.code)})"

    def load(self) -> Schedules:
        """Import the method and the libraries that it needs."""
        ready: Schedules = import_module(f"benchmarks.{self.module}").load(self.name)
        return ready


def methods() -> dict[str, Method]:
    """Return every method: gapweave, other solvers, and gapweave's heuristics."""
    known = (
        _gapweave(SOLVER),
        _peer("cp-sat", "plain_cpsat"),
        _peer("cp-sat-any-order", "plain_cpsat"),
        _peer("pyjobshop", "pyjobshop_model", "pyjobshop"),
        _peer("job-shop-lib", "job_shop_lib_model", "job-shop-lib"),
        *(_heuristic(name) for name in heuristic_names()),
    )
    return {method.name: method for method in known}


def fills() -> dict[str, Method]:
    """Return the solver around a pinned primary: other problems, so no rivals of the methods."""
    return {name: _gapweave(name) for name in (FILL_1F1B, FILL_SOLVER)}


def heuristic_names() -> list[str]:
    """Return the names of all registered heuristics."""
    return sorted(entry.name for entry in entry_points(group=HEURISTICS))


def _gapweave(name: str) -> Method:
    return Method(name, "gapweave_methods", ("gapweave", "ortools"), _GAPWEAVE_CODE)


def _heuristic(name: str) -> Method:
    return Method(name, "gapweave_methods", ("gapweave",), _GAPWEAVE_CODE, searches=False)


def _peer(name: str, module: str, *packages: str) -> Method:
    return Method(name, module, (*packages, "ortools"), (f"benchmarks/{module}.py", *_PEER_CODE))

"""Finding heuristics by name, the built-in ones and those of other packages."""

import difflib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Protocol, runtime_checkable

from gapweave.models.errors import InvalidOption
from gapweave.solver.heuristics.base import Heuristic
from gapweave.solver.heuristics.torch_csv import TorchCsv

GROUP = "gapweave.heuristics"
#: What names of files end with that hold another program's schedule.
TORCH_CSV = ".csv"


@runtime_checkable
class Varied(Protocol):
    """A heuristic that also comes in other variants, each with a name of its own."""

    def variants(self) -> Mapping[str, Heuristic]:
        """Return them by name; the heuristic itself may be among them."""
        ...


@cache
def heuristics() -> dict[str, Heuristic]:
    """Return every registered heuristic by name, single-job policies first."""
    found = [_construct(entry) for entry in entry_points(group=GROUP)]
    return {found.name: found for found in sorted(found, key=lambda one: (one.jobs == "many", one.name))}


def heuristic(name: str) -> Heuristic:
    """Return one heuristic, or a variant of one (``greedy-fill/zb-h1``); InvalidOption if there is none.

    The path of a CSV file stands for the order that torch.distributed.pipelining wrote there.
    """
    if name.endswith(TORCH_CSV):
        return TorchCsv(name)
    known = with_variants()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f", did you mean {close[0]!r}" if close else f", known are {', '.join(heuristics())}"
        raise InvalidOption(f"no method is named {name!r}{hint}")
    return known[name]


def with_variants() -> dict[str, Heuristic]:
    """Return every registered heuristic by name, each followed by its variants, if it makes any."""
    found: dict[str, Heuristic] = {}
    for name, one in heuristics().items():
        found[name] = one
        if isinstance(one, Varied):
            found |= {variant: made for variant, made in one.variants().items() if variant != name}
    return found


def single_job_policies() -> dict[str, Heuristic]:
    """Return the heuristics that schedule one job alone."""
    return {name: one for name, one in heuristics().items() if one.jobs == "single"}


def _construct(entry: object) -> Heuristic:
    try:
        made = entry.load()()  # type: ignore[attr-defined]
    except Exception as exc:
        raise InvalidOption(f"heuristic {entry.name!r} cannot be loaded: {exc}") from exc  # type: ignore[attr-defined]
    if not isinstance(made, Heuristic):
        raise InvalidOption(f"heuristic {entry.name!r} lacks name, jobs or plan()")  # type: ignore[attr-defined]
    return made

"""The targets that the solver is held to: groups of instances, and what must come out on each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import ceil

import numpy as np

from benchmarks.methods import FILL_1F1B, FILL_SOLVER, SOLVER
from benchmarks.runs import Run
from benchmarks.selection import select_names
from benchmarks.trajectories import time_to_first, time_to_gap


@dataclass(frozen=True)
class Group:
    """Some instances, one method, and the target.

    Attributes
    ----------
    places
        Of the instances, see `benchmarks.places`.
    target
        What must come out, in words.
    is_met
        Judges the runs of all places; those without a schedule have no makespan.
    """

    name: str
    method: str
    places: tuple[str, ...]
    target: str
    is_met: Callable[[Sequence[Run]], bool]


def gap(run: Run) -> float:
    """Return ``makespan / lower bound - 1`` by the run's own bound; infinite without a schedule."""
    return run.makespan / run.lower_bound - 1 if run.makespan and run.lower_bound else float("inf")


def groups(draw: int = 0) -> list[Group]:
    """Return all groups, the quick ones first.

    Parameters
    ----------
    draw
        Another number draws other made instances of the same kinds, for a look beyond those reported.
    """
    return [*_fusions(), *_classics(), *_measured(), *_made(draw), *_filled(), *_large()]


def _fusions() -> list[Group]:
    free = [f"fusion-{number:02}" for number in range(12)]
    capped = {f"{name}-cap": None for name in free} | {
        "fusion-07-cap": 330,
        "fusion-09-cap": 607,
        "fusion-10-cap": 318,
    }

    def caps_met(runs: Sequence[Run]) -> bool:
        return all(_at_most(run, capped[run.request.instance]) for run in runs)

    return [
        Group("fusions without cap", SOLVER, tuple(free), "all proven optimal", _proven(1.0)),
        Group(
            "fusions under their cap",
            SOLVER,
            tuple(capped),
            "7 and 10 at 330 and 318, 9 at most 607, the others proven optimal",
            caps_met,
        ),
    ]


def _classics() -> list[Group]:
    ends = {f"uniform-p8-m{m}-k2-reversed{cap}": end for m, end in ((16, 118), (32, 214)) for cap in _CAPS}

    def ends_met(runs: Sequence[Run]) -> bool:
        return all(run.status == "optimal" and run.makespan == ends[run.request.instance] for run in runs)

    target = "118 and 214, proven, also with capacity 16"
    return [Group("fill, uniform, reversed, 1F1B primary", FILL_1F1B, tuple(ends), target, ends_met)]


def _measured() -> list[Group]:
    singles = tuple(name for name in select_names(["zb-*-m*-?x"]) if "+" not in name and _is_flat(name))
    pairs = tuple(select_names(["zb-*+*"]))
    target, met = "gap <= 1 % on each, <= 0.3 % geometric mean", _gaps(0.01, mean=0.003)
    return [
        Group("measured singles", SOLVER, singles, target, met),
        Group("measured pairs", SOLVER, pairs, target, met),
        Group("measured pairs, reversed", SOLVER, _reversed(pairs), target, met),
    ]


def _made(draw: int) -> list[Group]:
    free, tight = tuple(_two_jobs(draw, tight=False)), tuple(_two_jobs(draw, tight=True))
    proven = "proven on 60 %"
    return [
        Group("made, two jobs", SOLVER, free, f"gap <= 1 %, {proven}", _gaps(0.01, proven=0.6)),
        Group(
            "made, two jobs, tight memory", SOLVER, tight, f"gap <= 3 %, {proven}", _gaps(0.03, proven=0.6)
        ),
        Group("made, three and four jobs", SOLVER, tuple(_more_jobs(draw)), "gap <= 1 %", _gaps(0.01)),
    ]


def _filled() -> list[Group]:
    pairs = tuple(select_names(["zb-*+*"]))
    return [
        Group(f"fill, measured pairs{order}, {primary} primary", method, places, "gap <= 2 %", _gaps(0.02))
        for method, primary in ((FILL_1F1B, "1F1B"), (FILL_SOLVER, "solver's own"))
        for places, order in ((pairs, ""), (_reversed(pairs), ", reversed"))
    ]


def _large() -> list[Group]:
    recipe = "make --devices 64 --microbatches {m},{m} --reversed --split --memory-microbatches 80 --seed 0"

    return [
        Group(
            "made, 64 devices, 64 to 512 microbatches, two jobs",
            SOLVER,
            tuple(recipe.format(m=m) for m in (64, 128, 256, 512)),
            "first schedule < 10 s, gap <= 1 %, memory <= 4 GB; doubling M at most doubles the time to 1 %",
            _large_met,
        )
    ]


def _large_met(runs: Sequence[Run]) -> bool:
    """Judge runs in order of size, each twice the one before."""
    close = [time_to_gap(run, run.lower_bound or 1, 0.01) for run in runs]
    small = all((run.peak_memory or 0) <= _MOST_MEMORY for run in runs)
    early = all((first := time_to_first(run)) is not None and first < _FIRST_WITHIN for run in runs)
    grows_little = all(a is not None and b is not None and b <= 2 * a for a, b in pairwise(close))
    return small and early and grows_little


_CAPS = ("", "-cap16")
#: Of the large instances: MiB of the process, and seconds to the first schedule.
_MOST_MEMORY = 4096
_FIRST_WITHIN = 10.0


def _is_flat(name: str) -> bool:
    return "-v-" not in name and "interleaved" not in name


def _reversed(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{name}@reversed" for name in names)


def _two_jobs(draw: int, *, tight: bool) -> list[str]:
    """Every mix of size, order and splitting, with durations and transfers drawn anew for each."""
    chance = np.random.default_rng([20_261_124 + tight, draw])
    return [
        _recipe(devices, (count, count), backwards, split, int(chance.integers(20, 101)), tight, chance)
        for devices, count, backwards, split in product((4, 8, 16), (8, 24, 64), (False, True), (False, True))
    ]


def _more_jobs(draw: int) -> list[str]:
    chance = np.random.default_rng([20_261_125, draw])
    return [
        _recipe(devices, counts, backwards, split, int(chance.integers(20, 101)), tight, chance)
        for devices, counts in product((8, 16), ((16, 24, 32), (16, 16, 24, 24)))
        for backwards, split, tight in ((False, True, False), (True, False, False), (True, True, True))
    ]


def _recipe(
    devices: int,
    counts: Sequence[int],
    backwards: bool,
    split: bool,
    transfer: int,
    tight: bool,
    chance: np.random.Generator,
) -> str:
    parts = [f"make --devices {devices} --microbatches {','.join(map(str, counts))}"]
    parts += ["--reversed"] * backwards + ["--split"] * split + [f"--transfer {transfer}"]
    parts += [f"--memory-microbatches {ceil(1.25 * devices)}"] * tight
    return " ".join([*parts, f"--seed {chance.integers(2**31)}"])


def _at_most(run: Run, value: int | None) -> bool:
    """Whether a run reached a value; None: proven optimal."""
    if value is None:
        return run.status == "optimal"
    return run.makespan is not None and run.makespan <= value


def _proven(share: float) -> Callable[[Sequence[Run]], bool]:
    return lambda runs: sum(run.status == "optimal" for run in runs) >= share * len(runs)


def _gaps(
    worst: float, *, mean: float = float("inf"), proven: float = 0.0
) -> Callable[[Sequence[Run]], bool]:
    """Whether no gap exceeds ``worst``, their geometric mean is small, and enough are proven optimal."""

    def met(runs: Sequence[Run]) -> bool:
        gaps = [gap(run) for run in runs]
        return max(gaps) <= worst and geometric_mean(gaps) <= mean and _proven(proven)(runs)

    return met


def geometric_mean(gaps: Sequence[float]) -> float:
    """Return the geometric mean of ``1 + gap``, less 1."""
    return float(np.exp(np.mean(np.log1p(gaps)))) - 1

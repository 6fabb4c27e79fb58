"""The map of docs/steady-state.md: least idle time by devices, microbatches, order and memory.

Run as ``python -m benchmarks.idle_map [--time-limit 8] [--again]``; resumable. Results go to
``benchmarks/results/idle_map.jsonl``; ``--again`` tries anew what is not proven.
`benchmarks.idle_map_picture` draws them.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.json_lines import append_line, read_lines
from gapweave import Infeasible, Instance, NothingFound, solve
from gapweave.models.instance import Device, Job, Stage, StageMemory

RESULTS = Path(__file__).parent / "results" / "idle_map.jsonl"
DEVICES = (4, 8, 16)
#: Microbatches of each job, per device.
RATIOS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
#: Microbatches that a device may hold in flight, per device; None: any number.
MEMORIES = (1, 2, None)
FORWARD, BACKWARD = 1, 2


@dataclass(frozen=True)
class Place:
    """One cell of the map; ``memory`` times as many microbatches in flight as there are devices, or None."""

    devices: int
    microbatches: int
    reversed: bool
    memory: int | None

    @property
    def load(self) -> int:
        """Ticks of work of each device in one period."""
        return 2 * self.microbatches * (FORWARD + BACKWARD)

    def instance(self) -> Instance:
        """Two jobs of F 1 and B 2, the second in the same or in reversed device order."""
        paths = [range(self.devices), range(self.devices)[:: -1 if self.reversed else 1]]
        in_flight = StageMemory(forward=1, backward=-1)
        jobs = tuple(
            Job(
                name=name,
                microbatches=self.microbatches,
                stages=tuple(
                    Stage(device=device, forward=FORWARD, backward=BACKWARD, memory=in_flight)
                    for device in path
                ),
            )
            for name, path in zip(("primary", "secondary"), paths, strict=True)
        )
        capacity = None if self.memory is None else self.memory * self.devices
        devices = tuple(
            Device(name=f"gpu{device}", memory_capacity=capacity) for device in range(self.devices)
        )
        order = "reversed" if self.reversed else "same"
        return Instance(name=f"map-{order}-p{self.devices}-m{self.microbatches}", devices=devices, jobs=jobs)


@dataclass(frozen=True)
class Cell:
    """What is known about a place, in ticks; ``period`` None: nothing found."""

    period: int | None
    lower_bound: int

    @property
    def is_proven(self) -> bool:
        """Whether no shorter period exists."""
        return self.period == self.lower_bound


def places() -> Iterator[Place]:
    """Yield the map's cells, small ones first."""
    for devices in DEVICES:
        for ratio in RATIOS:
            for order in (False, True):
                for memory in MEMORIES:
                    yield Place(devices, round(ratio * devices), order, memory)


def known_cells() -> dict[Place, Cell]:
    """Return the best of all records, and what they say about each other.

    A schedule that fits into a memory fits into every larger one, and a bound for a memory holds for every
    smaller one.
    """
    cells: dict[Place, Cell] = {}
    for row in read_lines(RESULTS):
        place = Place(*(row[key] for key in ("devices", "microbatches", "reversed", "memory")))
        cell = Cell(row["period"], row["lower_bound"] or place.load)
        cells[place] = _best(cells.get(place, cell), cell)
    return {place: _with_others(place, cells) for place in cells}


def _best(one: Cell, other: Cell) -> Cell:
    periods = [cell.period for cell in (one, other) if cell.period is not None]
    return Cell(min(periods, default=None), max(one.lower_bound, other.lower_bound))


def _with_others(place: Place, cells: dict[Place, Cell]) -> Cell:
    row = {
        memory: cells.get(Place(place.devices, place.microbatches, place.reversed, memory))
        for memory in MEMORIES
    }
    index = MEMORIES.index(place.memory)
    smaller = [cell for memory in MEMORIES[: index + 1] if (cell := row[memory]) is not None]
    larger = [cell for memory in MEMORIES[index:] if (cell := row[memory]) is not None]
    periods = [cell.period for cell in smaller if cell.period is not None]
    return Cell(min(periods, default=None), max(cell.lower_bound for cell in larger))


def measured(place: Place, time_limit: float) -> dict[str, Any]:
    """Solve one cell with one thread, and return its record."""
    record: dict[str, Any] = vars(place) | {"time_limit": time_limit, "period": None, "lower_bound": None}
    try:
        schedule = solve(place.instance(), objective="period", time_limit=time_limit, workers=1)
    except (NothingFound, Infeasible) as exc:
        return record | {"status": type(exc).__name__}
    assert schedule.bound is not None
    return record | {
        "period": schedule.period,
        "lower_bound": schedule.lower_bound,
        "bound": schedule.bound.argument,
        "status": schedule.status,
        "seconds": schedule.solver.wall_time,
        "found_by": schedule.solver.notes["found_by"],
    }


def main() -> None:
    """Solve the cells that are not known yet, or not proven."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--time-limit", type=float, default=8.0, help="seconds for each cell")
    parser.add_argument("--again", action="store_true", help="also what is known but not proven")
    options = parser.parse_args()
    for place in places():
        cell = known_cells().get(place)
        if cell is None or (options.again and not cell.is_proven):
            record = measured(place, options.time_limit)
            append_line(RESULTS, record)
            print(record, flush=True)


if __name__ == "__main__":
    main()

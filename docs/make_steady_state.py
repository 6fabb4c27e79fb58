"""Draws the pictures of docs/steady-state.md but for the map, which `benchmarks.idle_map_picture` draws."""

import argparse
from pathlib import Path

from gapweave import Instance, Job, Schedule, Stage, pareto_memory, solve
from gapweave.models.instance import Device
from gapweave.reports.colours import ThemeName
from gapweave.reports.draw import draw
from gapweave.reports.pareto_memory_page import write_pareto_memory
from gapweave.reports.pareto_memory_words import pareto_memory_words

FOLDER = Path(__file__).parent
PAIR = "zb-6.2b+6.2b-p8-m24-1x"
THEMES: tuple[ThemeName, ...] = ("light", "dark")


def main() -> None:
    """Solve and draw everything, on light and dark paper."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--time-limit", type=float, default=60.0, help="seconds for each run of the solver")
    parser.add_argument("--workers", type=int, help="threads of the solver")
    options = parser.parse_args()

    def period(instance: Instance) -> Schedule:
        return solve(instance, objective="period", time_limit=options.time_limit, workers=options.workers)

    alone, same, opposed = (period(uniform(path)) for path in ((1,), (1, 1), (1, -1)))
    pictures = {
        "steady-state": ([alone, same], ["one job alone", "two jobs, same device order"]),
        "steady-state-reversed": ([opposed], ["two jobs, reversed device order"]),
        "steady-state-pair": ([period(Instance.load(PAIR))], [PAIR]),
    }
    for name, (schedules, titles) in pictures.items():
        for theme in THEMES:
            with_memory = name.endswith("-pair")
            draw(schedules, target(name, theme), titles, memory=with_memory, theme=theme)
        print(name, [(one.value, one.status) for one in schedules])
    front = pareto_memory(Instance.load(PAIR), time_limit=2 * options.time_limit, workers=options.workers)
    for theme in THEMES:
        write_pareto_memory(front, target("steady-state-memory", theme), theme=theme)
    print(pareto_memory_words(front))


def target(name: str, theme: ThemeName) -> Path:
    """Return where a picture goes."""
    return FOLDER / f"{name}{'' if theme == 'light' else '-dark'}.svg"


def uniform(directions: tuple[int, ...], devices: int = 4, microbatches: int = 4) -> Instance:
    """Return jobs of F 1 and B 2 on every device, forth (1) or back (-1) along the devices."""
    jobs = tuple(
        Job(
            name=name,
            microbatches=microbatches,
            stages=tuple(
                Stage(device=device, forward=1, backward=2) for device in range(devices)[::direction]
            ),
        )
        for name, direction in zip(("primary", "secondary"), directions, strict=False)
    )
    return Instance(
        name="uniform", devices=tuple(Device(name=f"gpu{number}") for number in range(devices)), jobs=jobs
    )


if __name__ == "__main__":
    main()

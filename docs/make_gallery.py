"""Draws the gallery: schedules of the literature and of gapweave on one measured pair of jobs.

The pictures in docs/gallery/ and its page README.md are kept with the sources. gallery.html, the same
schedules as one interactive page on one time axis, is only made, since it holds a library of 5 MB.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gapweave import Instance, Schedule, measure, solve
from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Job, Stage
from gapweave.models.placement import placed
from gapweave.models.schedule import SolverRecord
from gapweave.reports.draw import draw
from gapweave.reports.time_scale import TimeScale, percent
from gapweave.solver.heuristics import heuristic
from gapweave.solver.problem import Problem
from gapweave.solver.timetable import make_schedule

PAIR = "zb-6.2b+1.5b-p8-m24-2x"
INTRODUCTION = f"""\
Schedules of `{PAIR}`: a 6.2B model (primary, blue) and a 1.5B model (secondary, orange) on
8 devices, 24 microbatches each, with measured times and twice the memory that 1F1B needs. The first four
show the primary alone. From *Bidirectional* on both jobs are there, and the secondary is placed in reversed
order (`--placement reversed`): its first stage is on the last device. Light boxes are forward passes, middle
ones backward passes, dark ones weight gradients; hatched is idle. `make gallery` makes this page, and
`gallery.html`, where all of them share one time axis that zooms."""
FOLDER = Path(__file__).parent / "gallery"


@dataclass(frozen=True)
class Exhibit:
    """One schedule of the gallery; ``make`` raises NotApplicable if there is none."""

    name: str
    title: str
    caption: str
    make: Callable[[], Schedule]


def main() -> None:
    """Make every schedule, and write pictures and pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--time-limit", type=float, default=60.0, help="seconds for each run of the solver")
    arguments = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    shown: list[tuple[Exhibit, Schedule]] = []
    for exhibit in exhibits(arguments.time_limit):
        try:
            schedule = exhibit.make()
        except NotApplicable as exc:
            print(f"{exhibit.title}: left out, {exc}")
            continue
        shown.append((exhibit, schedule))
        draw(schedule, FOLDER / f"{exhibit.name}.svg", [exhibit.title], memory=True, theme="light")
        draw(schedule, FOLDER / f"{exhibit.name}-dark.svg", [exhibit.title], memory=True, theme="dark")
        print(f"{exhibit.title}: {figures(schedule)}")
    schedules = [schedule for _, schedule in shown]
    draw(schedules, FOLDER / "gallery.html", [exhibit.title for exhibit, _ in shown])
    (FOLDER / "README.md").write_text(readme(shown), encoding="utf-8")


def exhibits(time_limit: float) -> Iterator[Exhibit]:
    """Yield what is shown: the primary alone, then both jobs with the secondary in opposite order."""
    pair = Instance.load(PAIR)
    alone = pair.with_jobs(0)
    opposite = placed(pair, "reversed")
    yield Exhibit(
        "1f1b",
        "1F1B",
        "The primary job alone, as most systems run it. Devices wait at the start, at the end, and "
        "wherever the weight gradient holds back the next backward pass.",
        lambda: by("1f1b", alone),
    )
    yield Exhibit(
        "zb-h1",
        "ZB-H1",
        "The same job with weight gradients put off into the drain: less idle time in the memory of 1F1B.",
        lambda: by("zb-h1", alone),
    )
    yield Exhibit(
        "zb-h2",
        "ZB-H2",
        "With more microbatches in flight the warm-up fills up too. The price is in the lower half: memory.",
        lambda: by("zb-h2", alone),
    )
    yield Exhibit(
        "zb-v",
        "ZB-V",
        "Every stage cut in two, placed forth and back: the last stage is beside the first, so the first "
        "backward pass comes early, and memory is even.",
        lambda: by("zb-v", folded(alone)),
    )
    yield Exhibit(
        "bidirectional",
        "Bidirectional",
        "Two jobs in opposite directions, the secondary reversed: one warms up where the other drains.",
        lambda: by("bidirectional", opposite),
    )
    yield Exhibit(
        "greedy-fill",
        "Greedy fill",
        "The primary stays as 1F1B has it; each task of the secondary, reversed, goes into the first gap "
        "that fits.",
        lambda: by("greedy-fill", opposite),
    )
    yield Exhibit(
        "solver-fill",
        "Solver, fill",
        "The same primary, but the order of the reversed secondary's tasks is searched for.",
        lambda: solve(opposite, mode="fill", time_limit=time_limit),
    )
    yield Exhibit(
        "solver-joint",
        "Solver, joint",
        "Both jobs are free, the secondary reversed. The dashed vertical line is the proven bound: no "
        "schedule ends before it.",
        lambda: solve(opposite, mode="joint", time_limit=time_limit),
    )


def by(name: str, instance: Instance) -> Schedule:
    """Schedule an instance by a heuristic, with the best bound that needs no search."""
    problem = Problem(instance)
    plan = heuristic(name).plan(problem.arrays)
    problem = problem if plan.primary is None else problem.filling(plan.primary)
    bound = problem.bound
    record = SolverRecord(name=name)
    return make_schedule(problem, plan.starts, record, lower_bound=bound.value, bound=bound.bound)


def folded(instance: Instance) -> Instance:
    """Cut every stage of a single job into two halves, and place them on the devices forth and back."""
    job = instance.jobs[0]
    halves = [half for stage in job.stages for half in halved(stage)]
    devices = [stage.device for stage in job.stages]
    stages = [
        half.model_copy(update={"device": device})
        for half, device in zip(halves, [*devices, *reversed(devices)], strict=True)
    ]
    cut = Job.model_validate(job.model_dump() | {"stages": [stage.model_dump() for stage in stages]})
    return instance.model_copy(update={"jobs": (cut,)})


def halved(stage: Stage) -> tuple[Stage, Stage]:
    """Return two stages that together take the time and the memory of one."""
    memory = stage.memory
    forward, backward = memory.forward // 2, memory.backward // 2
    first = stage.model_copy(
        update={
            "forward": stage.forward // 2,
            "backward": stage.backward // 2,
            "weight": stage.weight and stage.weight // 2,
            "optimizer": stage.optimizer // 2,
            "memory": memory.model_copy(
                update={
                    "resident": memory.resident // 2,
                    "forward": forward,
                    "backward": backward,
                    "weight": -forward - backward,
                }
            ),
        }
    )
    rest = {
        name: getattr(memory, name) - getattr(first.memory, name)
        for name in ("resident", "forward", "backward", "weight")
    }
    second = stage.model_copy(
        update={
            "forward": stage.forward - first.forward,
            "backward": stage.backward - first.backward,
            "weight": stage.weight and stage.weight - (first.weight or 0),
            "optimizer": stage.optimizer - first.optimizer,
            "memory": memory.model_copy(update=rest),
        }
    )
    return first, second


def figures(schedule: Schedule) -> str:
    """Return makespan, idle share and fullest device in one line."""
    metrics = measure(schedule)
    scale = TimeScale.fitting(schedule.instance.time_unit, schedule.makespan)
    fullest = max(
        peak / device.memory_capacity
        for peak, device in zip(metrics.peak_memory, schedule.instance.devices, strict=True)
        if device.memory_capacity
    )
    proof = (
        "optimal"
        if schedule.status == "optimal"
        else f"at most {percent(schedule.gap or 0)} above the optimum"
    )
    return (
        f"Makespan {scale.format(schedule.makespan)} ({proof}), bubble rate {percent(metrics.bubble_rate)}, "
        f"fullest device {percent(fullest)}"
    )


def readme(shown: list[tuple[Exhibit, Schedule]]) -> str:
    """Return the page of pictures."""
    parts = ["# Gallery", INTRODUCTION]
    for exhibit, schedule in shown:
        parts += [
            f"## {exhibit.title}",
            exhibit.caption,
            f"{figures(schedule)}.",
            f'<picture><source media="(prefers-color-scheme: dark)" srcset="{exhibit.name}-dark.svg">'
            f'<img alt="{exhibit.title}" src="{exhibit.name}.svg"></picture>',
        ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()

"""Small random schedules that keep the rules, for what only reads schedules."""

from typing import Any

from hypothesis import strategies as st
from schedule_factory import build_schedule, claimed, make_instance

from gapweave.models.schedule import Schedule

TIME_UNITS = ("ns", "us", "ms", "s", "tick")


@st.composite
def schedules(draw: st.DrawFn, most_jobs: int = 3) -> Schedule:
    """Schedules of up to three jobs on up to five devices, with every kind of task and any time unit."""
    devices = draw(st.integers(1, 5))
    jobs = [draw(_jobs(devices)) for _ in range(draw(st.integers(1, most_jobs)))]
    unit = draw(st.sampled_from(TIME_UNITS))
    instance = make_instance(*jobs, devices=devices).model_copy(update={"time_unit": unit})
    return build_schedule(instance, draw(st.sampled_from(["1f1b", "gpipe", "one-by-one"])))


@st.composite
def _jobs(draw: st.DrawFn, devices: int) -> dict[str, Any]:
    duration = st.integers(1, 9)
    is_split, optimizer = draw(st.booleans()), draw(st.integers(0, 4))
    memory = {"forward": 5, "backward": -3, "weight": -2} if is_split else {"forward": 5, "backward": -5}
    return {
        "microbatches": draw(st.integers(1, 6)),
        "forward_transfer": draw(st.integers(0, 3)),
        "backward_transfer": draw(st.integers(0, 3)),
        "stages": [
            {
                "device": device,
                "forward": draw(duration),
                "backward": draw(duration),
                "weight": draw(duration) if is_split else None,
                "optimizer": optimizer,
                "memory": memory,
            }
            for device in draw(st.permutations(range(devices)))
        ],
    }


@st.composite
def periodic_schedules(draw: st.DrawFn) -> Schedule:
    """Schedules with a period in which no two tasks of a device overlap, in this period or across periods.

    Tasks are moved by whole periods at random, so that chains of precedence mean nothing.
    """
    finite = draw(schedules(most_jobs=2))
    period = finite.makespan + draw(st.integers(0, 5))
    shift = draw(st.integers(0, period))
    turns = draw(st.lists(st.integers(0, 2), min_size=len(finite.tasks), max_size=len(finite.tasks)))
    moved = [shift + turn * period for turn in turns]
    rows = [
        row._replace(start=row.start + by, end=row.end + by)
        for row, by in zip(finite.tasks, moved, strict=True)
    ]
    return claimed(finite.instance, finite.steps, rows, period=period)

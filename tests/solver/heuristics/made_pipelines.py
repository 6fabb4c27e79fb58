"""Pipelines of one job for tests: one stage per device, interleaved, or as a V; uniform or random."""

from typing import Any, Literal

from hypothesis import strategies as st
from schedule_factory import make_instance

from gapweave.models.instance import Instance
from gapweave.models.metrics import measure
from gapweave.models.schedule import Schedule

Layout = Literal["line", "interleaved", "v"]
#: A microbatch holds 10 units on its stage from F's start, 6 of them to B's end, 4 to W's end.
CLAIM = 10
_SPLIT_MEMORY = {"forward": CLAIM, "backward": -6, "weight": -4}
_UNSPLIT_MEMORY = {"forward": CLAIM, "backward": -CLAIM}


def device_order(layout: Layout, devices: int, rounds: int = 2) -> list[int]:
    """The device of each stage."""
    if layout == "line":
        return list(range(devices))
    if layout == "interleaved":
        return list(range(devices)) * rounds
    return [*range(devices), *reversed(range(devices))]


def uniform_pipeline(
    layout: Layout,
    devices: int,
    microbatches: int,
    times: tuple[int, ...],
    *,
    rounds: int = 2,
    transfer: int = 0,
    held: int | None = None,
    releases_late: bool = False,
) -> Instance:
    """Equal stages; ``times`` are F, B and, if the backward is split, W.

    ``held`` limits every device's memory to so many microbatches of one stage; with ``releases_late`` all
    memory of a microbatch is held to the end of W.
    """
    memory = _SPLIT_MEMORY if len(times) == 3 else _UNSPLIT_MEMORY
    if releases_late:
        memory = {"forward": CLAIM, "backward": 0, "weight": -CLAIM}
    names = ("forward", "backward", "weight")
    stages = [
        {"device": device, "memory": memory, **dict(zip(names, times, strict=False))}
        for device in device_order(layout, devices, rounds)
    ]
    job = {"microbatches": microbatches, "stages": stages}
    job |= {"forward_transfer": transfer, "backward_transfer": transfer}
    return make_instance(job, devices=devices, capacity=None if held is None else held * CLAIM)


@st.composite
def uneven_pipelines(draw: st.DrawFn, layout: Layout, most_devices: int = 4) -> Instance:
    """Uneven stages, some of them split, with transfers, optimizer tasks and perhaps little memory."""
    devices = draw(st.integers(1 if layout == "line" else 2, most_devices))
    order = device_order(layout, devices, draw(st.integers(2, 3)))
    all_split = draw(st.booleans())
    stages = [draw(_stages(device, all_split)) for device in order]
    edges = {"min_size": len(order) - 1, "max_size": len(order) - 1}
    job = {
        "microbatches": draw(st.integers(1, 3 * devices)),
        "stages": stages,
        "optimizer_barrier": draw(st.booleans()),
        "release": draw(st.sampled_from([0, 7])),
        "forward_transfer": draw(st.lists(st.integers(0, 5), **edges)),
        "backward_transfer": draw(st.lists(st.integers(0, 5), **edges)),
    }
    least = max(sum(_peak(stage) for stage in stages if stage["device"] == d) for d in range(devices))
    capacity = draw(st.none() | st.integers(0, 30).map(lambda extra: least + extra))
    return make_instance(job, devices=devices, capacity=capacity)


@st.composite
def _stages(draw: st.DrawFn, device: int, always_split: bool) -> dict[str, Any]:
    duration, claim = st.integers(1, 9), draw(st.integers(0, 6))
    is_split = always_split or draw(st.booleans())
    change = draw(st.integers(-claim, 3)) if is_split else -claim
    return {
        "device": device,
        "forward": draw(duration),
        "backward": draw(duration),
        "weight": draw(duration) if is_split else None,
        "optimizer": draw(st.sampled_from([0, 0, 4])),
        "memory": {"forward": claim, "backward": change, "weight": -claim - change},
    }


def _peak(stage: dict[str, Any]) -> int:
    memory = stage["memory"]
    return max(memory["forward"], memory["forward"] + memory["backward"])


def longest_idle(schedule: Schedule) -> int:
    """The bubble of the zero-bubble papers: the longest span of a device less its work, in ticks."""
    spans = [rows[-1].end - rows[0].start for rows in schedule.tasks_by_device]
    work = [sum(row.end - row.start for row in rows) for rows in schedule.tasks_by_device]
    return max(span - busy for span, busy in zip(spans, work, strict=True))


def most_held(schedule: Schedule) -> int:
    """The most microbatches of one stage that any device holds, for pipelines of `uniform_pipeline`."""
    return -(-max(measure(schedule).peak_memory) // CLAIM)

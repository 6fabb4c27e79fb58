"""Random instances for laws: everything that an instance can have, and always some schedule."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from schedule_factory import make_instance

from gapweave.models.instance import Instance, Job
from gapweave.solver.dispatch_rule import DispatchRule

#: Settings of a test on random problems; no deadline, because machines differ.
law = settings(deadline=None, max_examples=60)
#: The same where every example is solved to optimality.
costly_law = settings(law, max_examples=30)


@st.composite
def instances(
    draw: st.DrawFn, most_jobs: int = 3, most_stages: int = 4, most_microbatches: int = 4
) -> Instance:
    """Instances with and without memory limits; each device can hold a microbatch of any one job."""
    devices = draw(st.integers(1, most_stages))
    jobs = [
        draw(_jobs(devices, most_stages, most_microbatches)) for _ in range(draw(st.integers(1, most_jobs)))
    ]
    instance = make_instance(*jobs, devices=devices)
    extra = st.none() | st.integers(0, 12)
    capacities = [
        None if more is None else least + more
        for least, more in ((least_capacity(instance, device), draw(extra)) for device in range(devices))
    ]
    return with_capacities(instance, capacities)


@st.composite
def tiny_instances(draw: st.DrawFn) -> Instance:
    """Instances of which the optimum is found quickly."""
    return draw(instances(most_jobs=2, most_stages=2, most_microbatches=2))


@st.composite
def dispatch_rules(draw: st.DrawFn, job_count: int) -> DispatchRule:
    """Any rule, sensible or not."""
    weight, delay = st.floats(-3, 3), st.floats(-30, 30)
    return DispatchRule(
        head_weight=draw(weight),
        tail_weight=draw(weight),
        kind_delay=tuple(draw(delay) for _ in range(4)),
        job_delay=tuple(draw(delay) for _ in range(job_count)),
        round_trips=tuple(draw(st.none() | st.floats(0, 3)) for _ in range(job_count)),
    )


def least_capacity(instance: Instance, device: int) -> int:
    """Memory with which a device can run one microbatch of one job at a time, and perhaps a little more."""
    return instance.resident_memory[device] + max(_peak(job, device) for job in instance.jobs)


def with_capacities(instance: Instance, capacities: list[int | None]) -> Instance:
    """The instance on devices with other capacities."""
    devices = tuple(
        device.model_copy(update={"memory_capacity": capacity})
        for device, capacity in zip(instance.devices, capacities, strict=True)
    )
    return instance.model_copy(update={"devices": devices})


def unlimited(instance: Instance) -> Instance:
    """The instance without memory limits."""
    return with_capacities(instance, [None] * len(instance.devices))


def with_job(instance: Instance, number: int, **fields: Any) -> Instance:
    """The instance with some fields of one job changed."""
    document = instance.to_document()
    document["jobs"][number] |= fields
    return Instance.from_document(document)


def scaled(instance: Instance, factor: int) -> Instance:
    """The instance with all times multiplied."""
    document = instance.to_document()
    for job in document["jobs"]:
        for field in ("release", "forward_transfer", "backward_transfer"):
            job[field] = _times(job.get(field, 0), factor)
        for stage in job["stages"]:
            for field in ("forward", "backward", "weight", "optimizer"):
                stage[field] = _times(stage.get(field), factor)
            stage["optimizer"] = stage["optimizer"] or 0
    return Instance.from_document(document)


def _times(value: Any, factor: int) -> Any:
    if isinstance(value, list):
        return [entry * factor for entry in value]
    return None if value is None else value * factor


def _peak(job: Job, device: int) -> int:
    return sum(stage.memory.peak for stage in job.stages if stage.device == device)


@st.composite
def _jobs(draw: st.DrawFn, devices: int, most_stages: int, most_microbatches: int) -> dict[str, Any]:
    if draw(st.booleans()):
        order = draw(st.permutations(range(devices)))
    else:
        order = draw(st.lists(st.integers(0, devices - 1), min_size=1, max_size=most_stages))
    transfer = st.integers(0, 4)
    per_edge = st.lists(transfer, min_size=len(order) - 1, max_size=len(order) - 1)
    return {
        "microbatches": draw(st.integers(1, most_microbatches)),
        "stages": [draw(_stages(device)) for device in order],
        "release": draw(st.sampled_from([0, 0, 5])),
        "optimizer_barrier": draw(st.booleans()),
        "forward_transfer": draw(transfer | per_edge),
        "backward_transfer": draw(transfer | per_edge),
    }


@st.composite
def _stages(draw: st.DrawFn, device: int) -> dict[str, Any]:
    duration, is_split = st.integers(1, 7), draw(st.booleans())
    claim = draw(st.integers(0, 5))
    change = draw(st.integers(-claim, 3)) if is_split else -claim
    return {
        "device": device,
        "forward": draw(duration),
        "backward": draw(duration),
        "weight": draw(duration) if is_split else None,
        "optimizer": draw(st.sampled_from([0, 0, 3])),
        "memory": {
            "resident": draw(st.integers(0, 3)),
            "forward": claim,
            "backward": change,
            "weight": -claim - change,
        },
    }

"""Random instances of at most twenty tasks, with every feature that an instance can have."""

from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from schedule_factory import make_instance

from gapweave.models.instance import Instance
from gapweave.models.schedule import Mode

MOST_TASKS = 20

#: What `TinyCase.features` may name.
FEATURES = (
    "joint unsplit",
    "split",
    "tight memory",
    "transfers",
    "optimizer",
    "barrier",
    "release",
    "shared device",
    "three jobs",
    "slack",
    "fill 1f1b",
    "fill gpipe",
)

Policy = Literal["1f1b", "gpipe"]


@dataclass(frozen=True)
class TinyCase:
    """A problem for `solve` and for brute force."""

    instance: Instance
    mode: Mode
    policy: Policy
    slack: float | None

    @property
    def features(self) -> set[str]:
        """What is special about it, in words."""
        jobs = self.instance.jobs
        stages = [stage for job in jobs for stage in job.stages]
        marks = {
            f"fill {self.policy}": self.mode == "fill",
            "slack": self.slack is not None,
            "joint unsplit": self.mode == "joint" and not any(stage.is_split for stage in stages),
            "split": any(stage.is_split for stage in stages),
            "tight memory": _is_tight(self.instance),
            "transfers": any(sum(job.forward_lags) + sum(job.backward_lags) for job in jobs),
            "optimizer": any(stage.optimizer for stage in stages),
            "barrier": any(job.optimizer_barrier and any(s.optimizer for s in job.stages) for job in jobs),
            "release": any(job.release for job in jobs),
            "shared device": any(len({s.device for s in job.stages}) < len(job.stages) for job in jobs),
            "three jobs": len(jobs) == 3,
        }
        return {mark for mark, holds in marks.items() if holds}


def tiny_case(seed: int) -> TinyCase:
    """The same case for the same seed."""
    rng = Random(seed)
    while True:
        instance = _draw_instance(rng)
        if 6 <= instance.task_count <= MOST_TASKS:
            break
    mode: Mode = "fill" if len(instance.jobs) > 1 and rng.random() < 0.65 else "joint"
    slack = rng.choice([0.0, 0.1, 0.25]) if mode == "joint" and rng.random() < 0.5 else None
    return TinyCase(instance, mode, rng.choice(["1f1b", "gpipe"]), slack)


def _is_tight(instance: Instance) -> bool:
    """Whether some device cannot hold all microbatches of all jobs at once."""
    wanted = list(instance.resident_memory)
    for job in instance.jobs:
        for stage in job.stages:
            wanted[stage.device] += job.microbatch_count * stage.memory.peak
    capacities = [device.memory_capacity for device in instance.devices]
    return any(cap is not None and cap < want for cap, want in zip(capacities, wanted, strict=True))


def _draw_instance(rng: Random) -> Instance:
    devices = rng.randint(1, 3)
    has_memory, splits, transfers = rng.random() < 0.6, rng.random() < 0.45, rng.random() < 0.5
    jobs = [
        _draw_job(rng, devices, has_memory, splits, transfers) for _ in range(rng.choice([1, 2, 2, 3, 3, 3]))
    ]
    capacity = rng.randint(4, 9) if has_memory else None
    return make_instance(*jobs, devices=devices, capacity=capacity)


def _draw_job(rng: Random, devices: int, has_memory: bool, splits: bool, transfers: bool) -> dict[str, Any]:
    count = rng.randint(1, 3)
    order = rng.sample(range(devices), min(count, devices))
    if count > devices or rng.random() < 0.15:
        order = [rng.randrange(devices) for _ in range(count)]
    has_optimizer = rng.random() < 0.35
    return {
        "microbatches": rng.randint(1, 3),
        "stages": [_draw_stage(rng, device, has_memory, splits, has_optimizer) for device in order],
        "release": rng.choice([0, 0, rng.randint(1, 6)]),
        "optimizer_barrier": rng.random() < 0.6,
        "forward_transfer": rng.randint(0, 3) if transfers else 0,
        "backward_transfer": [rng.randint(0, 3) if transfers else 0 for _ in order[1:]],
    }


def _draw_stage(
    rng: Random, device: int, has_memory: bool, splits: bool, has_optimizer: bool
) -> dict[str, Any]:
    stage: dict[str, Any] = {
        "device": device,
        "forward": rng.randint(1, 4),
        "backward": rng.randint(1, 5),
        "weight": rng.randint(1, 4) if splits and rng.random() < 0.7 else None,
        "optimizer": rng.randint(0, 2) if has_optimizer else 0,
    }
    if has_memory:
        claim = rng.randint(0, 3)
        change = rng.randint(-claim, 2) if stage["weight"] else -claim
        stage["memory"] = {
            "resident": rng.choice([0, 0, 1]),
            "forward": claim,
            "backward": change,
            "weight": -claim - change,
        }
    return stage

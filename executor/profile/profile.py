"""Measuring whole jobs on the devices that are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from gapweave.executor.profile.costs import StageCosts
from gapweave.executor.profile.instance_of import instance_of, job_name
from gapweave.executor.profile.together import Place, measure_stages, measure_together
from gapweave.executor.profile.transfers import one_way_nanoseconds
from gapweave.executor.ready_made.spec import ModelSpec
from gapweave.models.errors import InvalidOption, MissingExtra
from gapweave.models.instance import Device, Instance, Job, Stage
from gapweave.models.placement import Placement, placed


@dataclass(frozen=True)
class ProfileOptions:
    """What to measure.

    Attributes
    ----------
    stages
        Of each job, and devices: one stage on each.
    microbatches
        One number for each job, or one for all.
    split
        Whether B and W are separate tasks.
    placement
        Device order of the secondary jobs.
    repeats
        Measurements of each task.
    memory_capacity
        Of each device in bytes; None is unlimited.
    alone
        Measure one stage after the other, rather than all devices at the same time.
    device
        ``cpu`` or ``cuda``.
    """

    specs: tuple[ModelSpec, ...]
    stages: int = 2
    microbatches: tuple[int, ...] = (8,)
    split: bool = False
    placement: Placement = "given"
    repeats: int = 20
    memory_capacity: int | None = None
    corpus: str | None = None
    alone: bool = False
    device: str = "cpu"
    name: str = "profile"

    @property
    def in_company(self) -> bool:
        """Whether all devices are measured at the same time."""
        return not self.alone and self.device == "cpu" and self.stages > 1

    def __post_init__(self) -> None:
        if len(self.microbatches) not in (1, len(self.specs)):
            problem = f"expected one number, or one for each of {len(self.specs)} models"
            raise InvalidOption(f"--microbatches: {problem}, got {len(self.microbatches)}")
        for count in self.microbatches:
            if count < 1:
                raise InvalidOption(f"--microbatches: expected integers >= 1, got {count}")


def profile(options: ProfileOptions) -> Instance:
    """Measure every stage of every job, and return the instance.

    Raises
    ------
    MissingExtra
        torch is not installed.
    InvalidOption
        There is no such device, or the options do not go together.
    InvalidFile
        The corpus cannot be read.
    ExecutionFailed
        A stage could not be run.
    """
    if find_spec("torch") is None:
        raise MissingExtra("profiling", "exec")
    _require_device(options.device)
    _require_models(options)
    paths = _paths(options)
    costs = _costs(options, paths)
    sizes = {size for own in costs for stage in own for size in (stage.sent_forward, stage.sent_backward)}
    transfers = one_way_nanoseconds(sizes - {0}) if options.device == "cpu" and options.stages > 1 else {}
    devices = [
        Device(name=f"{options.device}{number}", memory_capacity=options.memory_capacity)
        for number in range(options.stages)
    ]
    counts = options.microbatches * (len(options.specs) if len(options.microbatches) == 1 else 1)
    return instance_of(
        options.name, options.specs, costs, paths, counts, transfers, devices, _arrangement(options)
    )


def _require_device(device: str) -> None:
    if device == "cpu":
        return
    import torch

    if not torch.cuda.is_available():
        raise InvalidOption("--device cuda: torch finds no GPU here")


def _require_models(options: ProfileOptions) -> None:
    """Refuse models that cannot be cut, and a text that cannot be read, before any process is started."""
    from gapweave.executor.ready_made.corpus import Corpus
    from gapweave.executor.ready_made.layers import layers_of_stages

    for spec in options.specs:
        layers_of_stages(spec.layers, options.stages)
        Corpus.load(options.corpus, spec.sequence)


def _paths(options: ProfileOptions) -> list[list[int]]:
    """Return the devices of the stages of each job."""
    stages = tuple(Stage(device=number, forward=1, backward=1) for number in range(options.stages))
    jobs = tuple(Job(name=job_name(n), microbatches=1, stages=stages) for n in range(len(options.specs)))
    devices = tuple(Device(name=str(number)) for number in range(options.stages))
    drawn = placed(Instance(name="paths", devices=devices, jobs=jobs), options.placement)
    return [[stage.device for stage in job.stages] for job in drawn.jobs]


def _costs(options: ProfileOptions, paths: Sequence[Sequence[int]]) -> list[list[StageCosts]]:
    """Return the costs of the stages of each job."""
    places: list[list[Place]] = [[] for _ in range(options.stages)]
    for job, (spec, path) in enumerate(zip(options.specs, paths, strict=True)):
        for stage, device in enumerate(path):
            places[device].append(Place(str(spec), job, len(path), stage, options.split))
    if options.in_company:
        measured = measure_together(places, options.repeats, options.corpus)
    else:
        measured = [
            measure_stages(own, options.repeats, options.corpus, device=options.device) for own in places
        ]
    by_place = {
        (place.job, place.stage): cost
        for own, costs in zip(places, measured, strict=True)
        for place, cost in zip(own, costs, strict=True)
    }
    return [[by_place[job, stage] for stage in range(len(path))] for job, path in enumerate(paths)]


def _arrangement(options: ProfileOptions) -> str:
    how = "with all devices busy" if options.in_company else "of stages measured one after the other"
    return f"of {options.repeats} measurements on {options.device}, {how}"

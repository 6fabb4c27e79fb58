"""Measuring whole jobs on the devices that are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from gapweave.executor.profile.costs import StageCosts
from gapweave.executor.profile.instance_of import MeasuredJob, instance_of
from gapweave.executor.profile.paths import device_paths
from gapweave.executor.profile.subjects import Subject, own_subjects, ready_made_subjects
from gapweave.executor.profile.together import Place, measure_stages, measure_together
from gapweave.executor.profile.transfers import one_way_nanoseconds
from gapweave.executor.ready_made.source import source_of, source_of_function
from gapweave.executor.ready_made.spec import ModelSpec
from gapweave.models.errors import InvalidOption, MissingExtra
from gapweave.models.instance import Device, Instance
from gapweave.models.placement import Placement


@dataclass(frozen=True)
class ProfileOptions:
    """What to measure.

    Attributes
    ----------
    specs
        Ready-made models, one for each job.
    jobs
        ``module:function`` or ``file.py:function`` that returns own `TrainingJob` objects without an
        argument, instead of ``specs``.
    stages
        Of each ready-made job.
    devices
        As many as the longest job has stages, if None; fewer get several stages of a job each.
    microbatches
        One number for each job, or one for all.
    split
        Whether B and W are separate tasks.
    placement
        Device order of the secondary jobs; ``v`` is that of all jobs.
    repeats
        Measurements of each task.
    memory_capacity
        Of each device in bytes; None is unlimited.
    corpus
        File that ready-made models learn.
    alone
        Measure one stage after the other, rather than all devices at the same time.
    device
        ``cpu`` or ``cuda``.
    """

    specs: tuple[ModelSpec, ...] = ()
    jobs: str | None = None
    stages: int = 2
    devices: int | None = None
    microbatches: tuple[int, ...] = (8,)
    split: bool = False
    placement: Placement = "given"
    repeats: int = 20
    memory_capacity: int | None = None
    corpus: str | None = None
    alone: bool = False
    device: str = "cpu"
    name: str = "profile"

    def __post_init__(self) -> None:
        if bool(self.specs) == (self.jobs is not None):
            raise InvalidOption("expected either ready-made models to measure, or --jobs")
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
        There is no such device or function, or the options do not go together.
    InvalidFile
        The corpus cannot be read.
    ExecutionFailed
        A stage could not be run.
    """
    if find_spec("torch") is None:
        raise MissingExtra("profiling", "exec")
    _require_device(options.device)
    subjects = _subjects(options)
    counts = _microbatches(options, len(subjects))
    paths = device_paths([subject.stages for subject in subjects], options.devices, options.placement)
    devices = [
        Device(name=f"{options.device}{number}", memory_capacity=options.memory_capacity)
        for number in range(1 + max(map(max, paths)))
    ]
    in_company = not options.alone and options.device == "cpu" and len(devices) > 1
    costs = _costs(options, subjects, paths, in_company)
    sizes = {size for own in costs for stage in own for size in (stage.sent_forward, stage.sent_backward)}
    transfers = one_way_nanoseconds(sizes - {0}) if options.device == "cpu" and len(devices) > 1 else {}
    jobs = [
        MeasuredJob(own, path, count, subject.optimizer_barrier)
        for own, path, count, subject in zip(costs, paths, counts, subjects, strict=True)
    ]
    return instance_of(
        options.name, _source(options), jobs, transfers, devices, _arrangement(options, in_company)
    )


def _require_device(device: str) -> None:
    if device == "cpu":
        return
    import torch

    if not torch.cuda.is_available():
        raise InvalidOption("--device cuda: torch finds no GPU here")


def _subjects(options: ProfileOptions) -> list[Subject]:
    """Return what is measured; what cannot be is refused before any process is started."""
    if options.jobs is not None:
        return own_subjects(options.jobs)
    return ready_made_subjects(options.specs, options.stages, options.corpus)


def _source(options: ProfileOptions) -> str:
    return source_of(options.specs) if options.jobs is None else source_of_function(options.jobs)


def _microbatches(options: ProfileOptions, jobs: int) -> tuple[int, ...]:
    """Return the microbatches of each job."""
    counts = options.microbatches
    if len(counts) not in (1, jobs):
        problem = f"expected one number, or one for each of {jobs} jobs"
        raise InvalidOption(f"--microbatches: {problem}, got {len(counts)}")
    return counts if len(counts) == jobs else counts * jobs


def _costs(
    options: ProfileOptions, subjects: Sequence[Subject], paths: Sequence[Sequence[int]], in_company: bool
) -> list[list[StageCosts]]:
    """Return the costs of the stages of each job."""
    places: list[list[Place]] = [[] for _ in range(1 + max(map(max, paths)))]
    for job, (subject, path) in enumerate(zip(subjects, paths, strict=True)):
        for stage, device in enumerate(path):
            places[device].append(Place(subject.spec, job, len(path), stage, options.split, subject.own))
    if in_company:
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


def _arrangement(options: ProfileOptions, in_company: bool) -> str:
    how = "with all devices busy" if in_company else "of stages measured one after the other"
    return f"of {options.repeats} measurements on {options.device}, {how}"

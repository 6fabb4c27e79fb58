"""The jobs that are measured: ready-made models, or the user's own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from gapweave.executor.ready_made.spec import ModelSpec
from gapweave.models.errors import InvalidOption

if TYPE_CHECKING:
    from gapweave.executor.profile.together import Place
    from gapweave.executor.training.job import TrainingJob


class Subject(NamedTuple):
    """One job to measure.

    Attributes
    ----------
    spec
        Of a ready-made model; empty if the job is the user's own.
    stages
        How many.
    optimizer_barrier
        Whether the optimizer waits for all stages, as gradients that are clipped together need.
    own
        ``module:function`` or ``file.py:function`` that makes this job among others.
    """

    spec: str
    stages: int
    optimizer_barrier: bool = False
    own: str | None = None


def ready_made_subjects(specs: Sequence[ModelSpec], stages: int, corpus: str | None) -> list[Subject]:
    """Return ready-made models as jobs, each cut into as many stages.

    Raises
    ------
    InvalidOption
        A model cannot be cut.
    InvalidFile
        The corpus or a configuration cannot be read.
    """
    from gapweave.executor.ready_made.corpus import Corpus
    from gapweave.executor.ready_made.jobs import stages_of

    for spec in specs:
        stages_of(spec, stages)
        Corpus.load(corpus, spec.sequence)
    return [Subject(str(spec), stages) for spec in specs]


def own_subjects(name: str) -> list[Subject]:
    """Return the jobs that a function of the user's makes.

    Raises
    ------
    InvalidOption
        There is no such function, it cannot be called without a schedule, or it makes nothing to measure.
    """
    from gapweave.executor.runtime.jobs import own_jobs

    jobs = own_jobs(name)
    if not jobs or not all(job.stages for job in jobs):
        raise InvalidOption(f"--jobs {name}: expected at least one job, and a stage in each")
    return [Subject("", len(job.stages), job.clip_norm is not None, name) for job in jobs]


def jobs_of_places(places: "Sequence[Place]", corpus: str | None) -> "list[TrainingJob]":
    """Return the job of each place; a function of the user's is called once."""
    from gapweave.executor.ready_made.jobs import training_job
    from gapweave.executor.runtime.jobs import own_jobs

    own = {name: own_jobs(name) for name in {place.own for place in places} if name is not None}
    return [
        training_job(ModelSpec.parse(place.spec), place.stages, corpus, seed=place.job)
        if place.own is None
        else own[place.own][place.job]
        for place in places
    ]

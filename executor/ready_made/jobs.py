"""Training jobs for any schedule: what runs if the user brings no models."""

from collections.abc import Iterable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from gapweave.executor.ready_made.choice import specs_of
from gapweave.executor.ready_made.config_file import configured_stages
from gapweave.executor.ready_made.corpus import Corpus
from gapweave.executor.ready_made.hugging_face import hugging_face_stages
from gapweave.executor.ready_made.spec import ModelSpec
from gapweave.executor.ready_made.transformer import transformer_stages
from gapweave.executor.training.job import StageSource, TrainingJob
from gapweave.models.schedule import Schedule

#: Largest norm of the gradient in jobs whose schedule waits for it.
_CLIP_NORM = 1.0


def ready_made_jobs(
    schedule: Schedule, models: Sequence[str] = (), corpus: str | None = None, seed: int = 0
) -> tuple[TrainingJob, ...]:
    """Return a training job for each job of a schedule.

    Parameters
    ----------
    models
        A model for each job, or one for all, as `ModelSpec` reads them. Without any: those that the instance
        was measured with if it was, else a small transformer each.
    corpus
        The text that they learn; None takes the one that is shipped.
    seed
        Added to that of each model and to the job's number.

    Raises
    ------
    InvalidOption
        A model is unknown, or their number does not fit.
    InvalidFile
        The corpus cannot be read.
    """
    jobs = schedule.instance.jobs
    specs = specs_of(schedule.instance, models)
    return tuple(
        training_job(
            spec,
            len(job.stages),
            corpus,
            spec.seed + seed + number,
            _CLIP_NORM if job.optimizer_barrier else None,
        )
        for number, (spec, job) in enumerate(zip(specs, jobs, strict=True))
    )


def training_job(
    spec: ModelSpec, stages: int, corpus: str | None, seed: int, clip_norm: float | None = None
) -> TrainingJob:
    """Return a model cut into stages, ready to train."""
    text = Corpus.load(corpus, spec.sequence)
    return TrainingJob(
        stages=stages_of(spec, stages),
        loss=next_byte_loss,
        optimizer=partial(_adamw, spec.learning_rate),
        microbatch=lambda step, index: text.microbatch(seed, step, index, spec.batch, spec.sequence),
        seed=seed,
        clip_norm=clip_norm,
    )


def stages_of(spec: ModelSpec, stages: int) -> list[StageSource]:
    """Return what builds each stage of a model."""
    if spec.kind == "transformer":
        return transformer_stages(spec, stages)
    return configured_stages(spec, stages) if spec.kind == "hf" else hugging_face_stages(spec, stages)


def next_byte_loss(logits_BTV: Tensor, target_BT: Tensor) -> Tensor:
    """Return the mean cross-entropy of the next byte, in nats."""
    return functional.cross_entropy(logits_BTV.flatten(0, 1), target_BT.flatten())


def _adamw(learning_rate: float, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.AdamW(parameters, lr=learning_rate)

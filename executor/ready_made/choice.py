"""Which ready-made model each job of a schedule is."""

from collections.abc import Sequence
from importlib.util import find_spec

from gapweave.executor.ready_made.config_values import read_values
from gapweave.executor.ready_made.layers import layers_of_stages
from gapweave.executor.ready_made.source import specs_from_source
from gapweave.executor.ready_made.spec import ModelSpec
from gapweave.executor.ready_made.text import read_text
from gapweave.models.errors import InvalidOption, MissingExtra
from gapweave.models.instance import Instance


def specs_of(instance: Instance, models: Sequence[str]) -> list[ModelSpec]:
    """Return a model for each job: those named, one for all, those that were measured, or small ones.

    Raises
    ------
    InvalidOption
        A model is unknown, or their number does not fit.
    """
    count = len(instance.jobs)
    if not models:
        measured = specs_from_source(instance)
        return measured if measured is not None and len(measured) == count else [ModelSpec()] * count
    if len(models) not in (1, count):
        raise InvalidOption(f"--model: expected one, or one for each of {count} jobs, got {len(models)}")
    specs = [ModelSpec.parse(text) for text in models]
    return specs if len(specs) == count else specs * count


def require_ready_made(instance: Instance, models: Sequence[str], corpus: str | None) -> None:
    """Refuse models that cannot be made and a text that cannot be read, without making anything.

    Raises
    ------
    InvalidOption
        A model is unknown or has too few layers, or their number does not fit.
    InvalidFile
        The corpus or a configuration cannot be read.
    MissingExtra
        A model is another library's, which is not installed.
    """
    for spec, job in zip(specs_of(instance, models), instance.jobs, strict=True):
        layers_of_stages(spec.layers, len(job.stages))
        read_text(corpus, spec.sequence)
        if spec.kind == "hf":
            read_values(spec.config)
        if spec.kind != "transformer" and find_spec("transformers") is None:
            raise MissingExtra(f"a {spec.kind} model", "hf")

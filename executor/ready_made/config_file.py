"""Language models that a ``config.json`` of Hugging Face transformers describes, over bytes."""

from typing import Any

from gapweave.executor.ready_made.causal_lm import causal_lm_stages
from gapweave.executor.ready_made.config_values import of_no_model, read_values
from gapweave.executor.ready_made.spec import ModelSpec
from gapweave.executor.ready_made.transformer import VOCABULARY
from gapweave.executor.training.job import StageSource
from gapweave.models.errors import InvalidFile, InvalidOption, MissingExtra


def configured_stages(spec: ModelSpec, stages: int) -> list[StageSource]:
    """Return what builds each stage of the model in ``spec.config``.

    Raises
    ------
    MissingExtra
        transformers is not installed, or too old.
    InvalidFile
        The file cannot be read, or is no configuration.
    InvalidOption
        The model cannot be cut, or takes fewer tokens or positions than it would get.
    """
    config = read_config(spec.config)
    least = {"vocab_size": VOCABULARY, "max_position_embeddings": spec.sequence}
    for name, needed in least.items():
        if (given := getattr(config, name, needed)) < needed:
            raise InvalidFile(
                name, f"expected at least {needed} for bytes in this sequence, got {given}", spec.config
            )
    try:
        return causal_lm_stages(config, stages)
    except InvalidOption as exc:
        raise InvalidOption(f"--model {spec}: {str(exc).removeprefix('--model: ')}") from exc


def read_config(path: str) -> Any:
    """Read a ``config.json``; code that it names is not carried out, and nothing is fetched."""
    try:
        from transformers import CONFIG_MAPPING
    except ImportError as exc:
        raise MissingExtra("an hf model", "hf") from exc
    values = read_values(path)
    kind = values.pop("model_type")
    if kind not in CONFIG_MAPPING:
        raise of_no_model(kind, path)
    values.pop("auto_map", None)
    try:
        return CONFIG_MAPPING[kind].from_dict(values)
    except Exception as exc:  # of many types, some its own
        raise InvalidFile("", " ".join(str(exc).split()), path) from exc

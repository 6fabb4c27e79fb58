"""Hugging Face causal language models of any configuration, with random weights, cut by layers.

The model's own code computes all that a stage computes: a stage is the whole model without the parts of the
other stages. The body makes masks and positions in every stage; what it hands to its first layer is replaced
by what the stage before sent.

Shapes: B sequences, T tokens, D width, V vocabulary.
"""

import copy
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gapweave.executor.ready_made.layers import layers_of_stages
from gapweave.executor.training.job import StageSource
from gapweave.models.errors import InvalidOption, MissingExtra


def causal_lm_stages(config: Any, stages: int) -> list[StageSource]:
    """Return what builds each stage of a causal language model, for a `TrainingJob`.

    The first stage takes token numbers, shape (B, T), the last one returns logits, shape (B, T, V). Weights
    are drawn as the model itself does. The head has weights of its own, even where the configuration ties
    them to the embedding, for that is another stage's.

    Parameters
    ----------
    config
        A configuration of transformers, such as ``LlamaConfig(...)``.

    Raises
    ------
    MissingExtra
        transformers is not installed, or older than 5.
    InvalidOption
        The model is of another build, or has fewer layers than stages.
    """
    own = copy.deepcopy(config)
    own.tie_word_embeddings = False
    counts = layers_of_stages(len(_Parts.of(_without_weights(own)).layers), stages)
    ends = [sum(counts[: number + 1]) for number in range(stages)]
    return [
        partial(CausalLMStage, own, range(end - count, end), number == 0, number == stages - 1)
        for number, (count, end) in enumerate(zip(counts, ends, strict=True))
    ]


class CausalLMStage(nn.Module):
    """Some layers of a causal language model, with the embeddings or the head where they belong.

    Attributes
    ----------
    model
        The model without the parts of other stages; what is left keeps its names in ``state_dict``.
    """

    def __init__(self, config: Any, layers: range, is_first: bool, is_last: bool) -> None:
        super().__init__()
        self._is_first, self._is_last = is_first, is_last
        self._entering: Tensor | None = None
        config = copy.deepcopy(config)
        self.model = _without_weights(config)
        first, *_ = _Parts.of(self.model).cut(layers, is_first, is_last)
        self.model.to_empty(device=torch.get_default_device())
        self.model.initialize_weights()
        _shorten(config, layers)
        if not is_first:
            first.register_forward_pre_hook(self._enter, with_kwargs=True)

    def forward(self, values: Tensor) -> Tensor:
        """From tokens (B, T) or hidden state (B, T, D) to hidden state or logits (B, T, V)."""
        inputs = {"input_ids": values} if self._is_first else {"inputs_embeds": values.detach()}
        self._entering = values
        try:
            if self._is_last:
                logits: Tensor = self.model(**inputs, use_cache=False).logits
                return logits
            hidden: Tensor = self.model.base_model(**inputs, use_cache=False).last_hidden_state
            return hidden
        finally:
            self._entering = None

    def _enter(self, layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Hand the first layer what the stage before sent, whatever the body made for it."""
        if args:
            return (self._entering, *args[1:]), kwargs
        return args, kwargs | {"hidden_states": self._entering}


class _NoEmbedding(nn.Module):
    """In place of an embedding of another stage: adds nothing."""

    def forward(self, *_: Any, **__: Any) -> Tensor:
        return torch.zeros(())


class _Parts(NamedTuple):
    """Where a model of the usual build has what, by name in its body; the head by name in the model."""

    model: nn.Module
    body: nn.Module
    layer_list: str
    embeddings: tuple[str, ...]
    norm: str
    head: str

    @classmethod
    def of(cls, model: Any) -> "_Parts":
        """Find the parts; raises InvalidOption if any is missing, or there are others with weights."""
        body = model.base_model
        while len(children := dict(body.named_children())) == 1:
            (body,) = children.values()
        lists = [name for name, child in children.items() if isinstance(child, nn.ModuleList) and len(child)]
        embeddings = [name for name, child in children.items() if isinstance(child, nn.Embedding)]
        norms = [name for name, child in children.items() if "norm" in type(child).__name__.lower()]
        heads = [name for name, child in model.named_children() if child is model.get_output_embeddings()]
        known = {*lists, *embeddings, *norms}
        others = [name for name, child in children.items() if name not in known and _has_weights(child)]
        if len(lists) != 1 or not embeddings or len(norms) != 1 or len(heads) != 1 or others:
            found = ", ".join(f"{name} ({type(child).__name__})" for name, child in children.items())
            raise InvalidOption(
                f"{type(model).__name__} cannot be cut into stages: expected embeddings, one list of layers, "
                f"a final norm and a head, found {found}"
            )
        if getattr(body, "_tied_weights_keys", None):
            raise InvalidOption(f"{type(model).__name__} cannot be cut into stages: its layers share weights")
        return cls(model, body, lists[0], tuple(embeddings), norms[0], heads[0])

    @property
    def layers(self) -> list[nn.Module]:
        return list(getattr(self.body, self.layer_list))

    def cut(self, layers: range, is_first: bool, is_last: bool) -> list[nn.Module]:
        """Take out what belongs to other stages, and return the layers that stay."""
        kept = nn.ModuleList()
        for number in layers:
            kept.add_module(str(number), self.layers[number])
        setattr(self.body, self.layer_list, kept)
        for name in () if is_first else self.embeddings:
            setattr(self.body, name, _NoEmbedding())
        if not is_last:
            setattr(self.body, self.norm, nn.Identity())
            setattr(self.model, self.head, nn.Identity())
        return list(kept)


def _without_weights(config: Any) -> Any:
    """Return the whole model on torch's ``meta`` device."""
    try:
        import transformers
    except ImportError as exc:
        raise MissingExtra("a model of transformers", "hf") from exc
    if int(transformers.__version__.split(".")[0]) < 5:
        raise MissingExtra(
            f"a model of any configuration (transformers >= 5, not {transformers.__version__})", "hf"
        )
    if type(config) not in transformers.MODEL_FOR_CAUSAL_LM_MAPPING:
        raise InvalidOption(f"{type(config).__name__}: transformers has no causal language model for it")
    with torch.device("meta"):
        return transformers.AutoModelForCausalLM.from_config(config)


def _has_weights(module: nn.Module) -> bool:
    return next(module.parameters(), None) is not None


def _shorten(config: Any, layers: range) -> None:
    """Let the body find only the layers that it has, each of its own type."""
    types = getattr(config, "layer_types", None)
    if types is not None:
        config.layer_types = [types[number] for number in layers]
    config.num_hidden_layers = len(layers)

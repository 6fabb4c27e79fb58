"""Hugging Face causal language models built from a configuration, with random weights, cut by layers.

Shapes: B sequences, T bytes, D width, V = 256 bytes.
"""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gapweave.executor.ready_made.layers import layers_of_stages
from gapweave.executor.ready_made.spec import ModelSpec
from gapweave.executor.ready_made.transformer import VOCABULARY
from gapweave.executor.training.job import StageSource
from gapweave.models.errors import MissingExtra


def hugging_face_stages(spec: ModelSpec, stages: int) -> list[StageSource]:
    """Return what builds each stage; raises MissingExtra without ``transformers``."""
    counts = layers_of_stages(spec.layers, stages)
    config = configuration(spec, sum(counts))
    make = {"gpt2": _gpt2_stage, "llama": _llama_stage}[spec.kind]
    firsts = [sum(counts[:number]) for number in range(stages)]
    return [
        partial(make, config, range(first, first + count), number == 0, number == stages - 1)
        for number, (first, count) in enumerate(zip(firsts, counts, strict=True))
    ]


def configuration(spec: ModelSpec, layers: int) -> Any:
    """Return the configuration of the whole model."""
    try:
        from transformers import GPT2Config, LlamaConfig
    except ImportError as exc:
        raise MissingExtra(f"a {spec.kind} model", "hf") from exc
    common = {"vocab_size": VOCABULARY, "attn_implementation": "sdpa", "use_cache": False}
    common |= {"bos_token_id": None, "eos_token_id": None}
    if spec.kind == "gpt2":
        return GPT2Config(
            **common,
            n_positions=spec.sequence,
            n_embd=spec.width,
            n_layer=layers,
            n_head=spec.heads,
            resid_pdrop=spec.dropout,
            embd_pdrop=spec.dropout,
            attn_pdrop=spec.dropout,
            tie_word_embeddings=False,
        )
    return LlamaConfig(
        **common,
        max_position_embeddings=spec.sequence,
        hidden_size=spec.width,
        intermediate_size=4 * spec.width,
        num_hidden_layers=layers,
        num_attention_heads=spec.heads,
        attention_dropout=spec.dropout,
        tie_word_embeddings=False,
    )


class Gpt2Stage(nn.Module):
    """Some layers of GPT-2, with the embeddings or the head where they belong."""

    def __init__(self, config: Any, layers: range, is_first: bool, is_last: bool) -> None:
        from transformers.models.gpt2.modeling_gpt2 import GPT2Block

        super().__init__()
        self.wte = nn.Embedding(config.vocab_size, config.n_embd) if is_first else None
        self.wpe = nn.Embedding(config.n_positions, config.n_embd) if is_first else None
        self.drop = nn.Dropout(config.embd_pdrop) if is_first else None
        self.h = nn.ModuleList(GPT2Block(config, layer_idx=index) for index in layers)
        self.ln_f = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon) if is_last else None
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False) if is_last else None
        _initialise(self, config.initializer_range)

    def forward(self, values: Tensor) -> Tensor:
        """From bytes (B, T) or hidden state (B, T, D) to hidden state or logits (B, T, V)."""
        if self.wte is not None and self.wpe is not None and self.drop is not None:
            positions_T = torch.arange(values.shape[1], device=values.device)
            values = self.drop(self.wte(values) + self.wpe(positions_T))
        for layer in self.h:
            values = _hidden(layer(values))
        if self.ln_f is not None and self.lm_head is not None:
            values = self.lm_head(self.ln_f(values))
        return values


class LlamaStage(nn.Module):
    """Some layers of Llama, with the embedding or the head where they belong."""

    def __init__(self, config: Any, layers: range, is_first: bool, is_last: bool) -> None:
        from transformers.models.llama.modeling_llama import (
            LlamaDecoderLayer,
            LlamaRMSNorm,
            LlamaRotaryEmbedding,
        )

        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size) if is_first else None
        self.layers = nn.ModuleList(LlamaDecoderLayer(config, layer_idx=index) for index in layers)
        self.rotary_emb = LlamaRotaryEmbedding(config=config)
        self.norm = LlamaRMSNorm(config.hidden_size, eps=config.rms_norm_eps) if is_last else None
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False) if is_last else None
        _initialise(self, config.initializer_range)

    def forward(self, values: Tensor) -> Tensor:
        """From bytes (B, T) or hidden state (B, T, D) to hidden state or logits (B, T, V)."""
        if self.embed_tokens is not None:
            values = self.embed_tokens(values)
        positions_1T = torch.arange(values.shape[1], device=values.device).unsqueeze(0)
        rotation = self.rotary_emb(values, position_ids=positions_1T)
        for layer in self.layers:
            values = _hidden(layer(values, position_ids=positions_1T, position_embeddings=rotation))
        if self.norm is not None and self.lm_head is not None:
            values = self.lm_head(self.norm(values))
        return values


def _gpt2_stage(config: Any, layers: range, is_first: bool, is_last: bool) -> nn.Module:
    return Gpt2Stage(config, layers, is_first, is_last)


def _llama_stage(config: Any, layers: range, is_first: bool, is_last: bool) -> nn.Module:
    return LlamaStage(config, layers, is_first, is_last)


def _hidden(output: Any) -> Tensor:
    """Return the hidden state: some versions of transformers wrap it in a tuple."""
    hidden: Tensor = output[0] if isinstance(output, tuple) else output
    return hidden


def _initialise(stage: nn.Module, deviation: float) -> None:
    """Draw weights as the models' own initialisation does: normal, with biases at 0."""
    for module in stage.modules():
        if isinstance(module, nn.Embedding) or type(module).__name__ in ("Linear", "Conv1D"):
            nn.init.normal_(module.weight, std=deviation)  # type: ignore[arg-type]
        if isinstance(getattr(module, "bias", None), Tensor):
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]

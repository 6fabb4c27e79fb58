"""A decoder-only transformer over bytes, cut into stages.

Shapes: B sequences, T bytes, D width, H heads, V = 256 bytes.
"""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from gapweave.executor.ready_made.layers import layers_of_stages
from gapweave.executor.ready_made.spec import ModelSpec
from gapweave.executor.training.job import StageSource

VOCABULARY = 256


class Embedding(nn.Module):
    """Bytes and their positions as vectors."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.bytes = nn.Embedding(VOCABULARY, spec.width)
        self.positions = nn.Embedding(spec.sequence, spec.width)
        self.dropout = nn.Dropout(spec.dropout)

    def forward(self, bytes_BT: Tensor) -> Tensor:
        """Return the hidden state, shape (B, T, D)."""
        positions_T = torch.arange(bytes_BT.shape[1], device=bytes_BT.device)
        hidden_BTD: Tensor = self.dropout(self.bytes(bytes_BT) + self.positions(positions_T))
        return hidden_BTD


class Layer(nn.Module):
    """Causal self-attention and a perceptron, each behind a norm and beside a residual connection."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.heads = spec.heads
        self.attention_norm = nn.LayerNorm(spec.width)
        self.attention_in = nn.Linear(spec.width, 3 * spec.width)
        self.attention_out = nn.Linear(spec.width, spec.width)
        self.perceptron = nn.Sequential(
            nn.LayerNorm(spec.width),
            nn.Linear(spec.width, 4 * spec.width),
            nn.GELU(),
            nn.Linear(4 * spec.width, spec.width),
        )
        self.dropout = nn.Dropout(spec.dropout)

    def forward(self, hidden_BTD: Tensor) -> Tensor:
        """Return the hidden state, shape (B, T, D)."""
        hidden_BTD = hidden_BTD + self.dropout(self._attend(self.attention_norm(hidden_BTD)))
        hidden_BTD = hidden_BTD + self.dropout(self.perceptron(hidden_BTD))
        return hidden_BTD

    def _attend(self, hidden_BTD: Tensor) -> Tensor:
        projected = self.attention_in(hidden_BTD).unflatten(-1, (3, self.heads, -1))
        query, key, value = (part.transpose(1, 2) for part in projected.unbind(2))
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        mixed_BTD: Tensor = self.attention_out(mixed.transpose(1, 2).flatten(2))
        return mixed_BTD


class Head(nn.Module):
    """The logits of the next byte."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(spec.width)
        self.logits = nn.Linear(spec.width, VOCABULARY, bias=False)

    def forward(self, hidden_BTD: Tensor) -> Tensor:
        """Return logits, shape (B, T, V)."""
        logits_BTV: Tensor = self.logits(self.norm(hidden_BTD))
        return logits_BTV


def transformer_stages(spec: ModelSpec, stages: int) -> list[StageSource]:
    """Return what builds each stage: the embedding in the first, the head in the last, layers in all."""
    return [
        partial(_stage, spec, count, number == 0, number == stages - 1)
        for number, count in enumerate(layers_of_stages(spec.layers, stages))
    ]


def _stage(spec: ModelSpec, layers: int, is_first: bool, is_last: bool) -> nn.Module:
    parts: list[nn.Module] = [Embedding(spec)] if is_first else []
    parts += [Layer(spec) for _ in range(layers)]
    return nn.Sequential(*parts, *([Head(spec)] if is_last else []))

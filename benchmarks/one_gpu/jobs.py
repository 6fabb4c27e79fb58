"""The two training jobs: decoder-only transformers in equal stages, their data on the device already."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from gapweave.executor.training.job import TrainingJob

_TOKENS = 256
_DROPOUT = 0.1


@dataclass(frozen=True)
class JobSize:
    """How large one job is: ``layers`` per stage, ``batch`` sequences per microbatch."""

    name: str
    layers: int
    width: int
    heads: int
    sequence: int
    batch: int
    microbatches: int
    learning_rate: float


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    jobs: tuple[JobSize, ...]
    devices: int = 4


FULL = Size(
    (
        JobSize("wide", 2, 1024, 16, 512, 16, 8, 3e-4),
        JobSize("narrow", 3, 768, 12, 512, 16, 8, 1e-3),
    )
)
TINY = Size(
    (JobSize("wide", 1, 32, 2, 16, 2, 3, 3e-4), JobSize("narrow", 1, 16, 2, 16, 2, 2, 1e-3)), devices=2
)


def training_jobs(size: Size, device: torch.device) -> list[TrainingJob]:
    """Return the jobs of a run."""
    return [_job(one, number, size.devices, device) for number, one in enumerate(size.jobs)]


def _job(size: JobSize, number: int, stages: int, device: torch.device) -> TrainingJob:
    makers = [partial(Stage, size, index == 0, index == stages - 1, device.type) for index in range(stages)]
    return TrainingJob(
        stages=makers,
        loss=_loss,
        optimizer=lambda parameters: torch.optim.AdamW(parameters, lr=size.learning_rate),
        microbatch=_data(size, number, device),
        seed=number,
    )


def _loss(logits: Tensor, target: Tensor) -> Tensor:
    return functional.cross_entropy(logits.float().flatten(0, 1), target.flatten())


def _data(size: JobSize, number: int, device: torch.device) -> Callable[[int, int], tuple[Tensor, Tensor]]:
    """Return microbatches that lie on the device: a copy from the host would make the host wait."""

    @cache
    def microbatch(_step: int, index: int) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(1000 * number + index)
        tokens = torch.randint(_TOKENS, (size.batch, size.sequence + 1), generator=generator).to(device)
        return tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()

    for index in range(size.microbatches):
        microbatch(0, index)
    return lambda _step, index: microbatch(0, index)


class Stage(nn.Module):
    """Some layers of a transformer, with the embedding before the first and the head after the last one."""

    def __init__(self, size: JobSize, first: bool, last: bool, device_type: str) -> None:
        super().__init__()
        self._device_type = device_type
        self.embedding = nn.Embedding(_TOKENS, size.width) if first else None
        self.position = nn.Embedding(size.sequence, size.width) if first else None
        self.blocks = nn.ModuleList(Block(size) for _ in range(size.layers))
        self.norm = nn.LayerNorm(size.width) if last else None
        self.head = nn.Linear(size.width, _TOKENS, bias=False) if last else None

    def forward(self, hidden: Tensor) -> Tensor:
        """Return hidden states, or the logits after the last stage."""
        with torch.autocast(self._device_type, torch.bfloat16, cache_enabled=False):
            if self.embedding is not None and self.position is not None:
                hidden = self.embedding(hidden) + self.position.weight
            for block in self.blocks:
                hidden = block(hidden)
            if self.norm is not None and self.head is not None:
                hidden = self.head(self.norm(hidden))
        return hidden


class Block(nn.Module):
    """Causal attention and a feed-forward net, each after a norm and around a residual, with dropout."""

    def __init__(self, size: JobSize) -> None:
        super().__init__()
        self._heads = size.heads
        self.attention_norm = nn.LayerNorm(size.width)
        self.projection = nn.Linear(size.width, 3 * size.width)
        self.output = nn.Linear(size.width, size.width)
        self.net_norm = nn.LayerNorm(size.width)
        self.up = nn.Linear(size.width, 4 * size.width)
        self.down = nn.Linear(4 * size.width, size.width)
        self.dropout = nn.Dropout(_DROPOUT)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return the hidden states after this layer; shape (batch, sequence, width)."""
        hidden = hidden + self.dropout(self.output(self._attend(self.attention_norm(hidden))))
        return hidden + self.dropout(self.down(functional.gelu(self.up(self.net_norm(hidden)))))

    def _attend(self, hidden: Tensor) -> Tensor:
        batch, sequence, width = hidden.shape
        heads = self.projection(hidden).view(batch, sequence, 3, self._heads, width // self._heads)
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return mixed.transpose(1, 2).reshape(batch, sequence, width)

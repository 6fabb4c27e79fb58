"""What ready-made jobs learn: the bytes of a text, and how microbatches are drawn from it.

Shapes: B sequences, T bytes.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from gapweave.executor.ready_made.text import read_text


@dataclass(frozen=True, eq=False)
class Corpus:
    """The bytes of a text, shape (bytes,)."""

    bytes: Tensor

    @classmethod
    def load(cls, path: str | Path | None, sequence: int) -> "Corpus":
        """Read a text; None reads the one that is shipped.

        Raises
        ------
        InvalidFile
            The file is missing, unreadable, or has no more bytes than a sequence.
        """
        return cls(torch.frombuffer(bytearray(read_text(path, sequence)), dtype=torch.uint8))

    def microbatch(
        self, seed: int, step: int, index: int, batch: int, sequence: int
    ) -> tuple[Tensor, Tensor]:
        """Return sequences drawn at random places, and the same one byte later, shape (B, T) each.

        The same numbers give the same bytes at any time and anywhere.
        """
        name = f"microbatch {seed} {step} {index}"
        number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=7).digest())
        generator = torch.Generator().manual_seed(number)
        places_B1 = torch.randint(len(self.bytes) - sequence, (batch, 1), generator=generator)
        text = self.bytes[places_B1 + torch.arange(sequence + 1)].long()
        return text[:, :-1], text[:, 1:]

"""What ready-made jobs learn: the bytes of a text, and how microbatches are drawn from it.

Shapes: B sequences, T bytes.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from gapweave.models.errors import InvalidFile

#: gapweave's own documentation, in the package.
SHIPPED = Path(__file__).parent / "corpus.txt"


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
        file = SHIPPED if path is None else Path(path)
        try:
            content = file.read_bytes()
        except OSError as exc:
            raise InvalidFile("", f"cannot be read: {exc.strerror}", str(file)) from exc
        if len(content) <= sequence:
            problem = (
                f"expected more than {sequence} bytes (one sequence and its next byte), got {len(content)}"
            )
            raise InvalidFile("", problem, str(file))
        return cls(torch.frombuffer(bytearray(content), dtype=torch.uint8))

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

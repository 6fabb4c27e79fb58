"""How a ready-made model is described in one word: ``transformer:layers=8,width=256,batch=2``."""

from dataclasses import MISSING, dataclass, fields
from typing import Any

from gapweave.models.errors import InvalidOption

KINDS = ("transformer", "gpt2", "llama", "hf")
#: What the file of an ``hf`` model says.
_IN_CONFIG = ("layers", "width", "heads", "dropout")


@dataclass(frozen=True)
class ModelSpec:
    """A decoder-only language model over bytes, and how it is trained.

    Attributes
    ----------
    kind
        ``transformer`` (ours), or ``gpt2``, ``llama`` or ``hf`` (Hugging Face, random weights).
    layers
        Transformer layers of the whole model; 0 takes one for each stage.
    width, heads
        Of the hidden state, and of attention.
    sequence, batch
        Bytes per sequence, and sequences per microbatch.
    dropout
        Probability.
    learning_rate
        Of AdamW.
    seed
        Of parameters, dropout and data.
    config
        Of ``hf`` alone: path of a ``config.json`` of transformers, with layers, width, heads and dropout.
    """

    kind: str = "transformer"
    layers: int = 0
    width: int = 32
    heads: int = 2
    sequence: int = 32
    batch: int = 2
    dropout: float = 0.1
    learning_rate: float = 1e-3
    seed: int = 0
    config: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidOption(f"--model: expected one of {', '.join(KINDS)}, got {self.kind!r}")
        least = {"layers": 0, "width": 1, "heads": 1, "sequence": 1, "batch": 1, "seed": 0}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise InvalidOption(
                    f"--model: {name}: expected an integer >= {value}, got {getattr(self, name)}"
                )
        if self.width % (2 * self.heads):
            problem = f"expected a multiple of 2 x heads = {2 * self.heads}, got {self.width}"
            raise InvalidOption(f"--model: width: {problem}")
        if not 0 <= self.dropout < 1:
            raise InvalidOption(f"--model: dropout: expected a number from 0 to below 1, got {self.dropout}")
        if not 0 < self.learning_rate < float("inf"):
            raise InvalidOption(
                f"--model: learning_rate: expected a positive number, got {self.learning_rate}"
            )

        self._require_config()

    def _require_config(self) -> None:
        if self.kind != "hf" and self.config:
            raise InvalidOption(f"--model: config: goes with hf, not with {self.kind}")
        if self.kind == "hf" and (not self.config or "," in self.config):
            raise InvalidOption(f"--model: config: expected a path without comma, got {self.config!r}")
        for field in fields(self):
            if self.kind == "hf" and field.name in _IN_CONFIG and getattr(self, field.name) != field.default:
                raise InvalidOption(f"--model: {field.name}: an hf model takes it from its config")

    def __str__(self) -> str:
        own = [(field.name, getattr(self, field.name), field.default) for field in fields(self)[1:]]
        changed = ",".join(f"{name}={value}" for name, value, default in own if value != default)
        return f"{self.kind}:{changed}" if changed else self.kind

    @classmethod
    def parse(cls, text: str) -> "ModelSpec":
        """Read what ``str`` writes; raises InvalidOption with the key and its value."""
        kind, _, rest = text.partition(":")
        known = {field.name: type(field.default) for field in fields(cls)[1:] if field.default is not MISSING}
        values: dict[str, Any] = {}
        for word in filter(None, rest.split(",")):
            name, equals, value = word.partition("=")
            if name not in known or not equals:
                expected = ", ".join(f"{key}=" for key in known)
                raise InvalidOption(f"--model {text}: expected {expected}, got {word!r}")
            values[name] = _number(text, name, value, known[name])
        return cls(kind, **values)


def _number(text: str, name: str, value: str, kind: type) -> Any:
    try:
        return kind(value)
    except ValueError:
        expected = "an integer" if kind is int else "a number"
        raise InvalidOption(f"--model {text}: {name}: expected {expected}, got {value!r}") from None

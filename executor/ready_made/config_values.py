"""What a ``config.json`` of Hugging Face transformers says, without transformers and without torch."""

import json
from typing import Any

from gapweave.models.errors import InvalidFile


def read_values(path: str) -> dict[str, Any]:
    """Read a file that names a type of model; whether transformers knows it is not asked."""
    try:
        with open(path, encoding="utf-8") as file:
            values = json.load(file)
    except OSError as exc:
        raise InvalidFile("", f"cannot be read: {exc.strerror}", path) from exc
    except ValueError as exc:
        raise InvalidFile("", f"no JSON: {exc}", path) from exc
    kind = values.get("model_type") if isinstance(values, dict) else None
    if not isinstance(kind, str):
        raise of_no_model(kind, path)
    return dict(values)


def of_no_model(kind: object, path: str) -> InvalidFile:
    """Return the error that says that there is no such type of model."""
    return InvalidFile("model_type", f"expected one that transformers knows, got {kind!r}", path)

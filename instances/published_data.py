"""Reading the published numbers in ``sources/``, every decimal exactly as it is written."""

import json
from decimal import Decimal
from typing import Any, TypeAlias

from gapweave.instances import FOLDER

Number: TypeAlias = int | Decimal


def read_source(name: str) -> dict[str, Any]:
    """Return ``sources/NAME.json``, with Decimal in place of float."""
    text = (FOLDER / "sources" / f"{name}.json").read_text(encoding="utf-8")
    source: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return source


def whole(value: Number, units: int) -> int:
    """Return ``value x units``, which must be an integer: a published number is never rounded.

    Raises
    ------
    ValueError
        The product has a fraction; a finer unit is needed.
    """
    product = value * units
    if product != int(product):
        raise ValueError(f"{value} x {units} is no integer")
    return int(product)

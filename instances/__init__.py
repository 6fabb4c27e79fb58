"""Problem instances that ship with gapweave: finding them by name, and the best results known for them."""

import difflib
import json
import os
import re
from pathlib import Path
from typing import Any

from gapweave.models.errors import InvalidInstance

#: Where the shipped instance files lie, beside this module in a checkout and in an installed wheel.
FOLDER = Path(__file__).parent

_RESULTS = "best_known.json"
# Names such as zb-6.2b-p8-m24-1x have a dot too, so a suffix is a dot and a word that starts with a letter.
_SUFFIX = re.compile(r"\.[A-Za-z]\w*$")


def names() -> list[str]:
    """Return the names of all shipped instances, numbers inside them in numerical order."""
    return sorted((file.stem for file in FOLDER.glob("*.json") if file.name != _RESULTS), key=_natural_order)


def find(path_or_name: str | Path) -> Path:
    """Return the file that a path, or the name of a shipped instance, stands for.

    Parameters
    ----------
    path_or_name
        What exists as a path is that path, whatever the shipped names are. What has no folder and no
        suffix may be a name.

    Returns
    -------
    Path
        The file; it may be missing if ``path_or_name`` looks like a path (reading it then says so).

    Raises
    ------
    InvalidInstance
        It looks like a name, and no shipped instance has it; the text proposes names that are close.
    """
    text = os.fspath(path_or_name)
    if os.path.exists(text) or _looks_like_path(text):
        return Path(path_or_name)
    shipped = names()
    if text in shipped:
        return FOLDER / f"{text}.json"
    close = _similar(text.lower(), shipped)
    hint = f"did you mean {' or '.join(close)}?" if close else "see gapweave instances list"
    raise InvalidInstance("", f"no such file, and no shipped instance of this name ({hint})", text)


def best_known() -> dict[str, Any]:
    """Return the best results known, as ``best_known.json`` holds them; empty if that file is absent."""
    file = FOLDER / _RESULTS
    if not file.exists():
        return {}
    results: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return results


def _similar(text: str, shipped: list[str]) -> list[str]:
    beginnings = [name for name in shipped if text and name.startswith(text)]
    return beginnings[:3] or difflib.get_close_matches(text, shipped, n=3)


def _looks_like_path(text: str) -> bool:
    separators = {os.sep, os.altsep or os.sep}
    return any(separator in text for separator in separators) or _SUFFIX.search(text) is not None


def _natural_order(name: str) -> list[str | int]:
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]

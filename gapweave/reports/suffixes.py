"""The suffix of a file's name chooses its format."""

from collections.abc import Collection
from pathlib import Path

from gapweave.models.errors import InvalidOption


def suffix_of(path: str | Path, known: Collection[str]) -> str:
    """Return the suffix of a file's name in lower case; InvalidOption if it is none of the known ones."""
    suffix = Path(path).suffix.lower()
    if suffix not in known:
        raise InvalidOption(f"{path}: expected a name that ends in one of {', '.join(known)}")
    return suffix

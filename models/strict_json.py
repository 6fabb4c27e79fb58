"""Reading JSON files that may be anything: bounded, without duplicate keys, every error one line."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gapweave.models.errors import InvalidFile

#: Bytes of the shortest value in braces or brackets that the formats allow in any number.
_DENSEST_VALUE = 19
#: Brackets that any file may have, however short it is.
_FREE_BRACKETS = 100_000

#: Keys of one object; the formats have a few dozen at most.
_MOST_KEYS = 1_000

ErrorFactory = Callable[[str, str], InvalidFile]


def read_json(path: str | Path, max_bytes: int, error: type[InvalidFile]) -> Any:
    """Read one JSON file strictly.

    Parameters
    ----------
    path
        The file.
    max_bytes
        A larger file is refused by its size, unread.
    error
        The exception class to raise; it gets field, problem and path.

    Raises
    ------
    InvalidFile
        As ``error``: missing, unreadable, too large, not JSON, or with duplicate keys.
    """
    return parse_json(
        _read_bytes(path, max_bytes, error), lambda field, problem: error(field, problem, str(path))
    )


def parse_json(data: bytes, error: ErrorFactory) -> Any:
    """Parse JSON text strictly; NaN and infinities come back as floats, for the format's checks to refuse."""
    if data.count(b"{") + data.count(b"[") > _FREE_BRACKETS + len(data) // _DENSEST_VALUE:
        raise error("", "more nested values than a file of this size can need")
    duplicates: list[tuple[dict[str, Any], str]] = []

    def build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(pairs) > _MOST_KEYS:
            raise error("", f"an object has {len(pairs)} keys, no object of this format needs {_MOST_KEYS}")
        built = dict(pairs)
        if len(built) < len(pairs):
            keys = [key for key, _ in pairs]
            duplicates.append((built, next(key for key in keys if keys.count(key) > 1)))
        return built

    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=build_object)
    except UnicodeDecodeError as exc:
        raise error("", f"not UTF-8 text (byte {data[exc.start]:#04x} at offset {exc.start})") from exc
    except json.JSONDecodeError as exc:
        raise error("", f"not JSON: {exc.msg} at line {exc.lineno}, column {exc.colno}") from exc
    except RecursionError as exc:
        raise error("", "not JSON of this format: nested too deeply") from exc
    except ValueError as exc:  # an integer beyond Python's limit on digits
        raise error("", "not JSON of this format: a number with thousands of digits") from exc
    if duplicates:
        twice, key = duplicates[0]
        raise error(join_path((*(_find(document, twice) or ()), key)), "duplicate key")
    return document


def join_path(parts: Iterable[str | int]) -> str:
    """Write a location as a field path, for example ``jobs[1].stages[3].forward``."""
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{_printable(part)}" if text else _printable(part)
    return text


def _printable(key: str) -> str:
    shortened = key if len(key) <= 60 else key[:57] + "..."
    return shortened if shortened.isprintable() else ascii(shortened)


def _read_bytes(path: str | Path, max_bytes: int, error: type[InvalidFile]) -> bytes:
    file = Path(path)
    try:
        if file.is_dir():
            raise error("", "is a directory, expected a JSON file", str(path))
        with file.open("rb") as stream:
            data = stream.read(max_bytes + 1) if _size(file) <= max_bytes else None
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        raise error("", f"cannot be read: {reason}", str(path)) from exc
    if data is None or len(data) > max_bytes:
        raise error("", f"larger than {max_bytes // 2**20} MiB", str(path))
    if not data.strip():
        raise error("", "is empty, expected a JSON object", str(path))
    return data


def _size(file: Path) -> int:
    return file.stat().st_size


def _find(value: Any, target: object, path: tuple[str | int, ...] = ()) -> tuple[str | int, ...] | None:
    """Return where ``target`` sits inside ``value``, or None if it was overwritten by its own duplicate."""
    stack: list[tuple[Any, tuple[str | int, ...]]] = [(value, path)]
    while stack:
        current, where = stack.pop()
        if current is target:
            return where
        if isinstance(current, dict):
            stack.extend((child, (*where, key)) for key, child in current.items())
        elif isinstance(current, list):
            stack.extend((child, (*where, index)) for index, child in enumerate(current))
    return None

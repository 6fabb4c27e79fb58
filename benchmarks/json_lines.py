"""Files of JSON lines that survive an interruption: each object is on disk before the next one begins."""

import json
import os
from pathlib import Path
from typing import Any

#: Where results are kept, unless an option says otherwise.
RESULTS = Path(__file__).parent / "results"


def read_lines(file: Path) -> list[Any]:
    """Return the objects of all complete lines; a missing file has none."""
    if not file.exists():
        return []
    complete, _, _ = file.read_text(encoding="utf-8").rpartition("\n")
    return [json.loads(line) for line in complete.splitlines() if line]


def append_line(file: Path, value: Any) -> None:
    """Append one object, after cutting off a line that an interruption left incomplete."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+b") as stream:
        stream.truncate(_complete_bytes(file))
        stream.write(json.dumps(value, ensure_ascii=False).encode("utf-8") + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def _complete_bytes(file: Path) -> int:
    return file.read_bytes().rfind(b"\n") + 1

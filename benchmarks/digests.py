"""Short digests of code and instances: what a result depends on."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from gapweave import Instance

ROOT = Path(__file__).resolve().parent.parent


def digest_of_code(paths: Iterable[str]) -> str:
    """Return a digest of Python files, given relative to the checkout as files or whole folders."""
    content = hashlib.sha256()
    for path in paths:
        place = ROOT / path
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            content.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return content.hexdigest()[:8]


def digest_of_problem(instance: Instance) -> str:
    """Return a digest of all that an instance asks, without its name and texts."""
    document = instance.to_document()
    problem = {key: document[key] for key in document.keys() - {"name", "description", "source"}}
    return hashlib.sha256(json.dumps(problem, sort_keys=True).encode()).hexdigest()[:8]

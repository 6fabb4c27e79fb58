"""Mistakes in what a run shall train, found before processes start and without running the user's code."""

import ast
import os
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path

from gapweave.executor.ready_made.choice import require_ready_made
from gapweave.executor.runtime.fault import explained
from gapweave.executor.runtime.options import RunOptions
from gapweave.models.errors import InvalidOption
from gapweave.models.schedule import Schedule

#: What may give a module names that nothing in its text binds.
_HIDDEN = {"*", "__getattr__", "globals", "vars", "locals", "setattr", "exec", "modules"}


def require_trainable(schedule: Schedule, options: RunOptions) -> None:
    """Refuse models, a corpus or a function that the ranks would refuse.

    Raises
    ------
    InvalidOption
        There is no such model or function.
    InvalidFile
        The corpus cannot be read.
    """
    if options.jobs is None:
        require_ready_made(schedule.instance, options.models, options.corpus)
    else:
        require_function(options.jobs)


def require_function(name: str) -> None:
    """Refuse ``module:function`` or ``file.py:function`` if it is certain that there is none."""
    place, _, function = name.rpartition(":")
    if not place or not function:
        raise InvalidOption(f"--jobs: expected module:function or file.py:function, got {name!r}")
    file = _file(place) if place.endswith(".py") else _file_of_module(place)
    if file is None:
        return
    with explained(f"--jobs {place}"):
        tree = ast.parse(file.read_bytes(), str(file))
    if function not in set(_bound(tree.body)) and not _hides_names(tree):
        raise InvalidOption(f"--jobs: {place} has no function {function!r}")


def _file(path: str) -> Path:
    if not Path(path).is_file():
        raise InvalidOption(f"--jobs: no such file: {path}")
    return Path(path)


def _file_of_module(name: str) -> Path | None:
    """Return the text of a module; None if it lies in a package, which would have to be imported."""
    top = name.partition(".")[0]
    spec = _found(top) or PathFinder.find_spec(top, [os.getcwd()])
    if spec is None:
        raise InvalidOption(f"--jobs: cannot import {name!r}: No module named {top!r}")
    is_text = top == name and spec.origin is not None and spec.origin.endswith(".py")
    return Path(str(spec.origin)) if is_text else None


def _found(top: str) -> ModuleSpec | None:
    try:
        return find_spec(top)
    except ValueError:  # it was loaded by other means
        return ModuleSpec(top, None)


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Return the names that statements of a module bind."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        else:
            yield from _bound(ast.iter_child_nodes(node))


def _hides_names(tree: ast.Module) -> bool:
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return bool(_HIDDEN & (named | attributes | set(_bound(tree.body))))

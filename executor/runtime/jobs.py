"""The training jobs of a run: the user's own, or ready-made ones."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from gapweave.executor.ready_made.jobs import ready_made_jobs
from gapweave.executor.runtime.fault import explained
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.training.job import TrainingJob
from gapweave.models.errors import InvalidOption
from gapweave.models.schedule import Schedule


def jobs_of(schedule: Schedule, options: RunOptions) -> Sequence[TrainingJob]:
    """Return the training jobs that the options name, one for each job of the schedule.

    Raises
    ------
    InvalidOption
        There is no such function, or it returns something else.
    """
    if options.jobs is None:
        return ready_made_jobs(schedule, options.models, options.corpus, options.seed)
    return own_jobs(options.jobs, schedule)


def own_jobs(name: str, schedule: Schedule | None = None) -> Sequence[TrainingJob]:
    """Return the training jobs that a function of the user's makes.

    Parameters
    ----------
    name
        ``module:function`` or ``file.py:function``.
    schedule
        The function's argument, if it takes one. None, where jobs are measured before there is a schedule,
        calls the function without.

    Raises
    ------
    InvalidOption
        There is no such function, it needs a schedule and there is none, or it returns something else.
    """
    function = _function(name)
    if schedule is None and not _takes(function):
        problem = "needs an argument, and before a profile there is no schedule: give it a default, None"
        raise InvalidOption(f"--jobs {name}: {problem}")
    arguments = (schedule,) if schedule is not None and _takes(function, schedule) else ()
    with explained(f"--jobs {name}"):
        jobs = function(*arguments)
    if not isinstance(jobs, Sequence) or not all(isinstance(job, TrainingJob) for job in jobs):
        raise InvalidOption(f"--jobs {name}: expected a list of TrainingJob, got {type(jobs).__name__}")
    return jobs


def _takes(function: Callable[..., object], *arguments: object) -> bool:
    """Whether a function can be called with these arguments; assumed of what has no signature."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        return False
    except ValueError:
        return True
    return True


def _function(name: str) -> Any:
    place, _, function = name.rpartition(":")
    if not place or not function:
        raise InvalidOption(f"--jobs: expected module:function or file.py:function, got {name!r}")
    _put_on_path(Path(place).parent if place.endswith(".py") else Path())
    module = _module_of_file(place) if place.endswith(".py") else _module(place)
    found = getattr(module, function, None)
    if not callable(found):
        raise InvalidOption(f"--jobs: {place} has no function {function!r}")
    return found


def _put_on_path(folder: Path) -> None:
    """Let a module be found in the working directory, and what a file imports beside it, by every process."""
    place = str(folder.resolve())
    if place not in sys.path:
        sys.path.insert(0, place)


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as exc:
        raise InvalidOption(f"--jobs: cannot import {name!r}: {exc}") from exc


def _module_of_file(path: str) -> ModuleType:
    if not Path(path).is_file():
        raise InvalidOption(f"--jobs: no such file: {path}")
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    if spec is None or spec.loader is None:
        raise InvalidOption(f"--jobs: {path} cannot be read as Python")
    module = importlib.util.module_from_spec(spec)
    with explained(f"--jobs {path}"), _registered(module):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _registered(module: ModuleType) -> Iterator[None]:
    """Have a module found by its name while it is carried out, as dataclasses need, and afterwards."""
    name = module.__name__
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        yield
    except BaseException:
        if before is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = before
        raise

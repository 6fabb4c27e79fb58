"""What an instance was measured with, written into its ``source``."""

import json
from collections.abc import Sequence

from gapweave.executor.ready_made.spec import ModelSpec
from gapweave.models.errors import InvalidOption
from gapweave.models.instance import Instance

_PREFIX = "gapweave profile "
_JOBS = f"{_PREFIX}--jobs "


def source_of(specs: Sequence[ModelSpec]) -> str:
    """Return the ``source`` of an instance that was measured with these models, one per job."""
    return _PREFIX + json.dumps([str(spec) for spec in specs])


def source_of_function(name: str) -> str:
    """Return the ``source`` of an instance that was measured with the jobs of a user's function."""
    return _JOBS + name


def function_from_source(instance: Instance) -> str | None:
    """Return the function whose jobs an instance was measured with; None if there was none."""
    return instance.source.removeprefix(_JOBS) if instance.source.startswith(_JOBS) else None


def specs_from_source(instance: Instance) -> list[ModelSpec] | None:
    """Return the models of an instance that was measured; None if its source says nothing of the kind."""
    if not instance.source.startswith(_PREFIX):
        return None
    try:
        names = json.loads(instance.source.removeprefix(_PREFIX))
        return [ModelSpec.parse(name) for name in names]
    except (ValueError, TypeError, AttributeError, InvalidOption):
        return None

"""Which instances a benchmark runs on."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from gapweave import Instance, InvalidOption
from gapweave.instances import names

#: A cross-section of every family: uniform, opposed, uneven and measured stages, one to three jobs, split and
#: unsplit, with and without transfers and memory limits, 4 to 32 devices, 128 to 18,432 tasks.
CROSS_SECTION = (
    "uniform-p8-m16-k2*",
    "uniform-p8-m32-k2*",
    "opposed-x8",
    "opposed-x32",
    "opposed-v16",
    "uneven-p8-m32",
    "fusion-03*",
    "fusion-07*",
    "fusion-09*",
    "fusion-10*",
    "zb-1.5b-p8-m24-?x",
    "zb-6.2b-p8-m32-unsplit",
    "zb-14.6b-p16-m48-1x",
    "zb-6.2b+1.5b-p8-m24-?x",
    "zb-6.2b+6.2b-p8-m32-?x",
    "zb-14.6b+14.6b-p16-m64-2x",
    "zb-28.3b+28.3b-p32-m96-1x",
)


def select(patterns: Sequence[str]) -> dict[str, str]:
    """Return what to load for each instance, by the instance's name: a shipped name, or a path.

    Parameters
    ----------
    patterns
        Of shipped names, as in a shell; what exists as a file is that file.

    Raises
    ------
    InvalidOption, InvalidInstance
        A pattern matches nothing, or a file is no instance.
    """
    chosen: list[str] = []
    files: dict[str, str] = {}
    for pattern in patterns:
        if Path(pattern).is_file():
            files[Instance.load(Path(pattern)).name] = str(Path(pattern).resolve())
        else:
            chosen.append(pattern)
    return {name: name for name in select_names(chosen)} | files


def select_names(patterns: Sequence[str]) -> list[str]:
    """Return the names of the shipped instances that match any pattern, in natural order.

    Raises
    ------
    InvalidOption
        A pattern matches nothing.
    """
    shipped = names()
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in shipped):
            raise InvalidOption(f"no shipped instance matches {pattern!r}, and no file has this name")
    return [name for name in shipped if any(fnmatchcase(name, pattern) for pattern in patterns)]

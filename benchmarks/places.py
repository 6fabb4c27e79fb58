"""Places: where a benchmark's instance comes from, in one line of text.

A place is the name of a shipped instance, the path of a file, either with ``@PLACEMENT`` behind it, or
``make`` with the options of ``gapweave instances make``.
"""

import argparse
import shlex
from pathlib import Path
from typing import NoReturn, cast

from gapweave import Instance, InvalidOption
from gapweave.instances.generator import make_instance
from gapweave.models.placement import Placement, placed

_MAKE = "make "


def load_place(place: str) -> Instance:
    """Return the instance.

    Raises
    ------
    InvalidInstance, InvalidOption
        There is none, or it is broken; its placement or its recipe is.
    """
    if place.startswith(_MAKE):
        return _made(shlex.split(place.removeprefix(_MAKE)))
    source, separator, placement = place.partition("@")
    if not separator or Path(place).is_file():
        return Instance.load(place)
    return placed(Instance.load(source), cast(Placement, placement))


def _made(options: list[str]) -> Instance:
    chosen = _Recipes(prog="make").parse(options)
    return make_instance(**vars(chosen))


class _Recipes(argparse.ArgumentParser):
    """The options of ``gapweave instances make``."""

    def parse(self, options: list[str]) -> argparse.Namespace:
        self.add_argument("--devices", type=int, required=True)
        self.add_argument("--microbatches", type=_numbers, required=True)
        self.add_argument("--reversed", action="store_true", dest="reversed_order")
        self.add_argument("--split", action="store_true")
        self.add_argument("--spread", type=float, default=0.15)
        self.add_argument("--transfer", type=int, default=0)
        self.add_argument("--memory-microbatches", type=int)
        self.add_argument("--seed", type=int, required=True)
        return self.parse_args(options)

    def error(self, message: str) -> NoReturn:
        raise InvalidOption(f"make: {message}")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))

"""The families of shipped instances, one module each."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from gapweave.instances.families import (
    folded,
    fusion,
    opposed,
    uneven,
    uniform,
    zero_bubble,
    zero_bubble_pairs,
)
from gapweave.models.instance import Instance

Family: TypeAlias = Callable[[], Iterator[Instance]]

FAMILIES: tuple[Family, ...] = (
    zero_bubble.instances,
    zero_bubble_pairs.instances,
    folded.instances,
    fusion.instances,
    opposed.instances,
    uneven.instances,
    uniform.instances,
)

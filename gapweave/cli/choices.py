"""Choices of options as enumerations; the command line shows and checks them."""

from enum import StrEnum


class Objective(StrEnum):
    """What to minimise."""

    makespan = "makespan"
    period = "period"


class Mode(StrEnum):
    """Whether the primary's tasks may move."""

    joint = "joint"
    fill = "fill"


class Placement(StrEnum):
    """Device order of the secondary jobs."""

    given = "given"
    same = "same"
    reversed = "reversed"
    rotated = "rotated"
    v = "v"
    search = "search"

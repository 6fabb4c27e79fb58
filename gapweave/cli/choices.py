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


class Pareto(StrEnum):
    """What is traded against the objective."""

    slowdown = "slowdown"
    memory = "memory"


class Paper(StrEnum):
    """What a chart is drawn on."""

    light = "light"
    dark = "dark"


class Jobs(StrEnum):
    """Whose tasks count as busy time."""

    all = "all"
    primary = "primary"


class RunBackend(StrEnum):
    """What carries messages between devices."""

    auto = "auto"
    gloo = "gloo"
    nccl = "nccl"
    one_gpu = "one-gpu"
    in_process = "in-process"


class OnFailure(StrEnum):
    """What happens to a run when a secondary job fails."""

    stop = "stop"
    go_on = "continue"


class ProfileDevice(StrEnum):
    """What stages are measured on."""

    cpu = "cpu"
    cuda = "cuda"

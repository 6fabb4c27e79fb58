"""Runs: what was asked of a method on an instance, and what came out."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple


class Point(NamedTuple):
    """What a method knew ``elapsed`` seconds after its start; times of schedules in ticks."""

    elapsed: float
    makespan: int | None
    lower_bound: int | None


@dataclass(frozen=True)
class Setting:
    """What every method is given alike: seconds, cores, and the seed of random choices."""

    time_limit: float
    workers: int
    seed: int = 0

    def __str__(self) -> str:
        cores = "1 core" if self.workers == 1 else f"{self.workers} cores"
        return f"{self.time_limit:g} s, {cores}, seed {self.seed}"


@dataclass(frozen=True)
class Request:
    """One measurement to be made.

    Attributes
    ----------
    instance
        Name of a shipped instance, or the path of a file.
    problem
        Digest of what the instance asks, so that a changed instance is measured again.
    version
        Of the method: package version and digest of the code behind it.
    """

    instance: str
    problem: str
    method: str
    version: str
    setting: Setting


@dataclass(frozen=True)
class Run:
    """One measurement.

    Attributes
    ----------
    status
        ``optimal``, ``feasible``, ``infeasible``, ``unknown`` (nothing found in time), ``not-applicable``
        (the method cannot express the instance), ``rejected`` (the verifier refused the schedule),
        ``killed`` (still busy at the hard limit) or ``failed`` (the method broke down).
    makespan, lower_bound
        In ticks; the makespan is that of the verified schedule.
    seconds
        From the method's start, model building included, to its answer.
    peak_memory
        Of the process, in MiB.
    trajectory
        Every improvement of makespan or bound.
    """

    request: Request
    status: str
    makespan: int | None = None
    lower_bound: int | None = None
    seconds: float | None = None
    peak_memory: int | None = None
    trajectory: tuple[Point, ...] = ()
    reason: str | None = None
    date: str = ""

    @property
    def applies(self) -> bool:
        """Whether the method can express the instance."""
        return self.status != "not-applicable"

    def to_document(self) -> dict[str, Any]:
        """Return the run as JSON values."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "Run":
        """Rebuild a run from its JSON values."""
        request = document["request"]
        return cls(
            **document
            | {
                "request": Request(**request | {"setting": Setting(**request["setting"])}),
                "trajectory": tuple(Point(*point) for point in document["trajectory"]),
            }
        )


def pending(requests: Sequence[Request], runs: Iterable[Run], *, any_version: bool = False) -> list[Request]:
    """Return the requests that no run has answered yet; a run that failed is no answer.

    Parameters
    ----------
    any_version
        Also take answers that an older or newer version of the method gave.
    """

    def identity(request: Request) -> Request:
        return replace(request, version="") if any_version else request

    answered = {identity(run.request) for run in runs if run.status != "failed"}
    return [request for request in requests if identity(request) not in answered]


def latest(runs: Iterable[Run]) -> list[Run]:
    """Return the last run of each (instance, method, setting)."""
    newest = {(run.request.instance, run.request.method, run.request.setting): run for run in runs}
    return list(newest.values())

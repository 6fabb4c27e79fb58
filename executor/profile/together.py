"""Measuring all devices at once, each in a process of its own, as a replay runs them.

What a task costs depends on what the machine does beside it: cores, caches and memory are shared. So every
process measures the stages of its device while all others are busy with theirs.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from multiprocessing.managers import SyncManager
from threading import BrokenBarrierError
from typing import Any, NamedTuple

from gapweave.executor.profile.costs import StageCosts
from gapweave.executor.runtime.parent_watch import be_killed_with_parent
from gapweave.models.errors import ExecutionFailed, GapweaveError

#: Seconds within which all processes must have begun.
_PATIENCE = 300.0


class Place(NamedTuple):
    """One stage to measure: the model's specification, the job and its stages, and which one it is.

    ``own`` names the function that makes the user's own jobs, instead of a specification.
    """

    spec: str
    job: int
    stages: int
    stage: int
    split: bool
    own: str | None = None


class Company(NamedTuple):
    """The processes that are measured at the same time: how they begin together, and who is done."""

    barrier: Any
    done: Any
    size: int


def measure_together(
    places: Sequence[Sequence[Place]], repeats: int, corpus: str | None
) -> list[list[StageCosts]]:
    """Measure the stages of each device, all devices at the same time.

    Returns
    -------
    list of list of StageCosts
        For each device, the costs of its stages in the order given.

    Raises
    ------
    ExecutionFailed
        A process failed.
    """
    context = get_context("spawn")
    manager = SyncManager(ctx=context)
    manager.start(be_killed_with_parent)
    with manager:
        company = Company(manager.Barrier(len(places)), manager.list(), len(places))
        with ProcessPoolExecutor(len(places), context, be_killed_with_parent) as pool, ended_by_errors():
            futures = [pool.submit(_measure_in_company, own, repeats, corpus, company) for own in places]
            try:
                costs = [future.result() for future in futures]
            except BrokenExecutor as exc:
                raise ExecutionFailed(f"profile: a process was ended: {exc}") from exc
    if not all(costs):
        raise ExecutionFailed(f"profile: not all processes began within {_PATIENCE:.0f} s")
    return costs


@contextmanager
def ended_by_errors() -> Iterator[None]:
    """End the processes that are started meanwhile if anything is raised, Ctrl-C too.

    Leaving a pool waits until its processes have done their work.
    """
    before = set(active_children())
    try:
        yield
    except BaseException:
        for process in set(active_children()) - before:
            process.kill()
        raise


def _measure_in_company(
    places: Sequence[Place], repeats: int, corpus: str | None, company: Company
) -> list[StageCosts]:
    """Measure stages; a failure keeps no other process waiting, and reaches the parent as one line."""
    try:
        return measure_stages(places, repeats, corpus, company)
    except BrokenBarrierError:
        return []
    except Exception as exc:
        problem = str(exc) if isinstance(exc, GapweaveError) else f"{type(exc).__name__}: {exc}"
        company.barrier.abort()
        company.done.append(False)
        raise ExecutionFailed(f"profile: {problem}") from None


def measure_stages(
    places: Sequence[Place],
    repeats: int,
    corpus: str | None,
    company: Company | None = None,
    device: str = "cpu",
) -> list[StageCosts]:
    """Measure stages one after the other; in company, until all others are done as well."""
    import torch

    from gapweave.executor.profile.stage_profile import StageProfile
    from gapweave.executor.profile.subjects import jobs_of_places
    from gapweave.executor.runtime.fault import explained
    from gapweave.executor.training.stage import StageRunner

    if device == "cpu":
        torch.set_num_threads(1)
    profiles = []
    names = [f"jobs[{place.job}].stages[{place.stage}]" for place in places]
    for name, place, job in zip(names, places, jobs_of_places(places, corpus), strict=True):
        with explained(name):
            runner = StageRunner(
                job, place.job, place.stages, place.stage, torch.device(device), microbatches=1
            )
            profiles.append(StageProfile(runner, split=place.split))
    if company is not None:
        company.barrier.wait(_PATIENCE)
    costs = []
    for name, profile in zip(names, profiles, strict=True):
        with explained(name):
            costs.append(profile.measure(repeats))
    if company is not None:
        company.done.append(True)
        for profile in profiles[-1:]:
            profile.keep_busy(lambda: len(company.done) < company.size)
    return costs

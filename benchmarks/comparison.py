"""All runs under one setting side by side, instance by instance."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from benchmarks.recorder import merged
from benchmarks.runs import Run, Setting
from benchmarks.trajectories import makespan, trajectory


class Comparison:
    """The latest runs of one setting.

    Parameters
    ----------
    runs
        If several answer the same request, the last one counts; those of other settings do not.
    known_bounds
        Lower bounds from elsewhere, by instance, in ticks.
    """

    def __init__(self, setting: Setting, runs: Iterable[Run], known_bounds: Mapping[str, int]) -> None:
        self.setting = setting
        self.by_instance: dict[str, dict[str, Run]] = defaultdict(dict)
        for run in runs:
            if run.request.setting == setting:
                self.by_instance[run.request.instance][run.request.method] = run
        self._known_bounds = known_bounds

    @property
    def methods(self) -> list[str]:
        """Names of all methods that were run."""
        return list(dict.fromkeys(method for runs in self.by_instance.values() for method in runs))

    def runs_of(self, method: str) -> dict[str, Run]:
        """Return the runs of one method on what it can express, by instance."""
        return {
            instance: runs[method]
            for instance, runs in self.by_instance.items()
            if method in runs and runs[method].applies
        }

    @cached_property
    def lower_bounds(self) -> dict[str, int]:
        """The best lower bound of each instance that any method, or anyone else, has proven, in ticks."""
        bounds: dict[str, int] = {}
        for instance, runs in self.by_instance.items():
            found = [run.lower_bound for run in runs.values()] + [self._known_bounds.get(instance)]
            bounds[instance] = max(bound or 0 for bound in found)
        return {instance: bound for instance, bound in bounds.items() if bound}

    @cached_property
    def best_makespans(self) -> dict[str, int]:
        """The best makespan of each instance that any method has found, in ticks."""
        found = {
            instance: [value for run in runs.values() if (value := makespan(run)) is not None]
            for instance, runs in self.by_instance.items()
        }
        return {instance: min(values) for instance, values in found.items() if values}

    @property
    def contradictions(self) -> list[str]:
        """Instances where someone's lower bound exceeds a schedule that the verifier accepted."""
        return [
            instance
            for instance, bound in self.lower_bounds.items()
            if bound > self.best_makespans.get(instance, bound)
        ]

    def with_best_of(self, methods: Iterable[str], name: str) -> "Comparison":
        """Return the comparison with one more method: the best of some, as if they ran side by side."""
        chosen = set(methods)
        extended = Comparison(self.setting, (), self._known_bounds)
        for instance, runs in self.by_instance.items():
            extended.by_instance[instance] = dict(runs)
            own = [run for method, run in runs.items() if method in chosen and run.makespan is not None]
            if own:
                best = min(own, key=lambda run: run.makespan or 0)
                points = merged(trajectory(run) for run in own)
                request = replace(best.request, method=name)
                extended.by_instance[instance][name] = replace(best, request=request, trajectory=points)
        return extended

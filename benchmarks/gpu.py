"""Two training jobs on one GPU as several virtual devices: ``python benchmarks/gpu.py``.

Measures the stages on their shares of the GPU, schedules the two jobs, runs the schedule and the two
jobs alone, checks that interleaving changes no parameter, and prints a table last. ``profile`` and ``run`` do
the two halves apart, for a schedule that is solved elsewhere in between.
"""

import argparse
import gc
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch

from benchmarks.one_gpu.checkout import make_heuristics_known
from benchmarks.one_gpu.costs import instance_of, measure_costs
from benchmarks.one_gpu.execution import Execution, execute
from benchmarks.one_gpu.jobs import FULL, TINY, Size, training_jobs
from benchmarks.one_gpu.parity import parity_lines
from benchmarks.one_gpu.report import cost_lines, execution_lines, gain, host_lines
from benchmarks.one_gpu.schedules import alone, joint
from benchmarks.one_gpu.shares import check_shares
from gapweave.executor.measured.trace import measured_trace
from gapweave.executor.runtime.virtual_devices.repeatable import choose_repeatable_kernels
from gapweave.executor.runtime.virtual_devices.setup import share_device
from gapweave.executor.runtime.virtual_devices.sm_partition import Partition
from gapweave.models.atomic_write import write_text
from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule

_JOINT = "both, woven together"


class Benchmark:
    """One run: its device, its jobs, and where its findings go."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.size: Size = TINY if options.size == "tiny" else FULL
        self.device = torch.device("cuda", 0) if options.device == "cuda" else torch.device("cpu")
        self.share: Partition = share_device(self.device, self.size.devices, split=not options.plain_streams)
        self.jobs = training_jobs(self.size, self.device)
        self.findings: dict[str, Any] = {"device": self._name(), "torch": torch.__version__}
        self.lines = [f"{self._name()}, torch {torch.__version__}: {self.share.note}"]
        self._started = perf_counter()
        self._wait()

    def profile(self) -> tuple[Instance, Instance]:
        """Measure shares, tasks and messages; return the instance with durations under load, and alone."""
        self._add(*check_shares(self.share.streams, self.device))
        costs = measure_costs(self.size, self.jobs, self.device, self.share.streams)
        self._add("", *cost_lines(self.size, costs))
        self.findings["costs"] = {
            "tasks": [[*subject, found.alone, found.loaded] for subject, found in costs.tasks.items()],
            "messages": costs.messages,
        }
        loaded, idle = instance_of(self.size, costs), instance_of(self.size, costs, loaded=False)
        loaded.save(self.options.output / "one-gpu.instance.json")
        idle.save(self.options.output / "one-gpu.idle.instance.json")
        self._wait()
        return loaded, idle

    def schedule(self, instance: Instance) -> Schedule:
        """Schedule both jobs together."""
        schedule, made_by = joint(instance, self.options.time_limit)
        self._add("", made_by)
        schedule.save(self.options.output / "one-gpu.schedule.json")
        return schedule

    def run(self, schedule: Schedule, idle: Instance | None = None) -> None:
        """Check parity, then run the schedule and each job alone.

        Parameters
        ----------
        idle
            Durations beside idle devices, to predict how long the jobs take alone.
        """
        self._add("", *parity_lines(schedule, self.jobs, self.device, self.share.streams))
        self._wait()
        schedules = {_JOINT: schedule}
        for number, job in enumerate(schedule.instance.jobs):
            schedules[f"{job.name} alone, 1f1b"] = alone(schedule.instance, number, idle)
        runs = {
            name: self._execute(name, one, number - 1) for number, (name, one) in enumerate(schedules.items())
        }
        names = [name for name in runs if name != _JOINT]
        gained = gain(runs, _JOINT, names)
        self._add("", *execution_lines(schedules, runs), *host_lines(runs[_JOINT]))
        self._add(
            f"gain over one after the other: predicted {gained['predicted']:.4f} times,"
            f" measured {gained['measured']:.4f} times: {gained['points']:+.2f} points"
        )
        self.findings["gain"] = gained
        self.findings["runs"] = {name: run._replace(events=())._asdict() for name, run in runs.items()}
        self.save("one-gpu.trace.json", measured_trace(schedule, runs[_JOINT].events))

    def _execute(self, name: str, schedule: Schedule, job: int) -> Execution:
        self._say(f"running {name}")
        jobs = self.jobs if job < 0 else [self.jobs[job]]
        run = execute(schedule, jobs, self.device, self.share.streams, self.options.steps)
        self._wait()
        return run

    def finish(self) -> None:
        """Write what was found, and print the table."""
        self._add(f"took {perf_counter() - self._started:.0f} s")
        self.save("one-gpu.results.json", self.findings | {"table": self.lines})
        print("\n".join(self.lines), flush=True)

    def save(self, name: str, document: object) -> None:
        """Write a JSON file into the output folder."""
        self.options.output.mkdir(parents=True, exist_ok=True)
        write_text(self.options.output / name, json.dumps(document))

    def _name(self) -> str:
        return torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "CPU"

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()
            gc.collect()
            torch.cuda.empty_cache()

    def _add(self, *lines: str) -> None:
        self.lines += lines
        for line in filter(None, lines):
            self._say(line)

    def _say(self, line: str) -> None:
        print(f"[{perf_counter() - self._started:6.1f} s] {line}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; return the exit status."""
    options = _parser().parse_args(arguments)
    if options.part == "run" and options.schedule is None:
        print("run: which schedule?", file=sys.stderr)
        return 2
    if options.device == "cuda" and not torch.cuda.is_available():
        print("no CUDA device: try --device cpu --size tiny", file=sys.stderr)
        return 2
    options.output.mkdir(parents=True, exist_ok=True)
    make_heuristics_known()
    choose_repeatable_kernels()
    if options.device == "cpu":
        torch.set_num_threads(1)
    benchmark = Benchmark(options)
    if options.part == "run":
        idle = None if options.idle is None else Instance.load(options.idle)
        benchmark.run(Schedule.load(options.schedule), idle)
    else:
        instance, idle = benchmark.profile()
        if options.part == "all":
            benchmark.run(benchmark.schedule(instance), idle)
    benchmark.finish()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", nargs="?", choices=("all", "profile", "run"), default="all")
    parser.add_argument("schedule", nargs="?", type=Path, help="schedule file, for run")
    parser.add_argument("--idle", type=Path, help="instance with durations beside idle devices, for run")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--size", choices=("full", "tiny"), default="full")
    parser.add_argument("--steps", type=int, default=20, help="measured steps of each schedule")
    parser.add_argument("--time-limit", type=float, default=60.0, help="seconds for the solver")
    parser.add_argument("--plain-streams", action="store_true", help="do not split the multiprocessors")
    parser.add_argument("-o", "--output", type=Path, default=Path("one-gpu"), help="folder of the results")
    return parser


if __name__ == "__main__":
    sys.exit(main())

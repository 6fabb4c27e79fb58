"""Two training jobs on one GPU as several virtual devices: ``python benchmarks/gpu.py``.

Measures the stages on their shares of the GPU, schedules the two jobs, runs the schedule and the two
jobs alone, checks that interleaving changes no parameter, and prints a table last. ``profile``, ``solve``
and ``run`` do the parts apart, so that the schedules can be made elsewhere.
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
from benchmarks.one_gpu.shares import check_shares
from gapweave.executor.measured.trace import measured_trace
from gapweave.executor.runtime.virtual_devices.repeatable import choose_repeatable_kernels
from gapweave.executor.runtime.virtual_devices.setup import first_gpu, share_device
from gapweave.executor.runtime.virtual_devices.sm_partition import Partition
from gapweave.executor.training.job import TrainingJob
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

    def run(self, joint: Schedule, alone: Sequence[Schedule]) -> None:
        """Check parity, then run the joint schedule and that of each job alone."""
        solver = joint.solver
        self._add("", f"scheduled by {solver.name} in {solver.wall_time:.1f} s: {joint.status}")
        self._add("", *parity_lines(joint, self.jobs, self.device, self.share.streams))
        self._wait()
        singles = {f"{one.instance.jobs[0].name} alone, {one.solver.name}": one for one in alone}
        runs = {_JOINT: self._execute(_JOINT, joint, self.jobs)}
        for job, (name, one) in zip(self.jobs, singles.items(), strict=True):
            runs[name] = self._execute(name, one, [job])
        gained = gain(runs, _JOINT, singles)
        self._add("", *execution_lines({_JOINT: joint} | singles, runs), *host_lines(runs[_JOINT]))
        self._add(
            f"gain over one after the other: predicted {gained['predicted']:.4f} times,"
            f" measured {gained['measured']:.4f} times: {gained['points']:+.2f} points"
        )
        self.findings["gain"] = gained
        self.findings["runs"] = {name: run._replace(events=())._asdict() for name, run in runs.items()}
        self.save("one-gpu.trace.json", measured_trace(joint, runs[_JOINT].events))

    def _execute(self, name: str, schedule: Schedule, jobs: Sequence[TrainingJob]) -> Execution:
        self.say(f"running {name}")
        run = execute(schedule, jobs, self.device, self.share.streams, self.options.steps)
        self._wait()
        return run

    def finish(self, *last: str) -> None:
        """Write what was found, and print the table."""
        self._add(*last, f"took {perf_counter() - self._started:.0f} s")
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
            self.say(line)

    def say(self, line: str) -> None:
        """Report progress."""
        print(f"[{perf_counter() - self._started:6.1f} s] {line}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; return the exit status."""
    options = _parser().parse_args(arguments)
    wrong = _problem(options)
    if wrong:
        print(wrong, file=sys.stderr)
        return 2
    options.output.mkdir(parents=True, exist_ok=True)
    if options.part == "solve":
        solve(options, *map(Instance.load, options.files))
        return 0
    choose_repeatable_kernels()
    if options.device == "cpu":
        torch.set_num_threads(1)
    benchmark = Benchmark(options)
    if options.part == "run":
        joint, *alone = map(Schedule.load, options.files)
        benchmark.run(joint, alone)
    else:
        instances = benchmark.profile()
        if options.part == "all":
            try:
                joint, *alone = solve(options, *instances)
            except ImportError as exc:
                benchmark.finish(f"cannot be scheduled here ({exc}): solve the instances elsewhere, then run")
                return 1
            benchmark.run(joint, alone)
    benchmark.finish()
    return 0


def solve(options: argparse.Namespace, loaded: Instance, idle: Instance) -> list[Schedule]:
    """Schedule both jobs together and each alone; write the schedules and return them."""
    from benchmarks.one_gpu import schedules  # the solver takes a while to load, and packages of its own

    make_heuristics_known()
    joint, made_by = schedules.joint(loaded, options.time_limit)
    print(made_by, file=sys.stderr)
    joint.save(options.output / "one-gpu.schedule.json")
    alone = [schedules.alone(loaded, number, idle) for number in range(len(loaded.jobs))]
    for number, schedule in enumerate(alone):
        schedule.save(options.output / f"one-gpu.alone{number}.schedule.json")
    return [joint, *alone]


def _problem(options: argparse.Namespace) -> str | None:
    """Return what is wrong with the options, None if nothing is."""
    expected = {"solve": 2, "run": 3}.get(options.part, 0)
    if len(options.files) != expected:
        return f"{options.part}: expected {expected} files, got {len(options.files)}"
    if options.part != "solve" and options.device == "cuda" and first_gpu().type != "cuda":
        return "no CUDA device: try --device cpu --size tiny"
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = ("all", "profile", "solve", "run")
    parser.add_argument("part", nargs="?", choices=parts, default="all")
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        help="solve: instances under load and idle; run: schedules, joint first",
    )
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--size", choices=("full", "tiny"), default="full")
    parser.add_argument("--steps", type=int, default=20, help="measured steps of each schedule")
    parser.add_argument("--time-limit", type=float, default=60.0, help="seconds for the solver")
    parser.add_argument("--plain-streams", action="store_true", help="do not split the multiprocessors")
    parser.add_argument("-o", "--output", type=Path, default=Path("one-gpu"), help="folder of the results")
    return parser


if __name__ == "__main__":
    sys.exit(main())

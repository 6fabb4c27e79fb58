"""The benchmark of one GPU, run on the CPU at its smallest size."""

import json
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from benchmarks.gpu import main  # noqa: E402
from benchmarks.one_gpu import schedules  # noqa: E402
from benchmarks.one_gpu.checkout import describe_checkout  # noqa: E402
from gapweave.executor.measured.read_trace import read_measured  # noqa: E402
from gapweave.models.instance import Instance  # noqa: E402
from gapweave.models.schedule import Schedule  # noqa: E402
from gapweave.models.verify import verify  # noqa: E402
from gapweave.solver.heuristics import heuristics  # noqa: E402


@pytest.fixture(autouse=True)
def _settings_of_torch() -> Iterator[None]:
    threads, fill = torch.get_num_threads(), torch.utils.deterministic.fill_uninitialized_memory
    yield
    torch.use_deterministic_algorithms(False)
    torch.utils.deterministic.fill_uninitialized_memory = fill
    torch.set_num_threads(threads)


def benchmark(folder: Path, *arguments: str) -> int:
    return main([*arguments, "--device", "cpu", "--size", "tiny", "--steps", "2", "-o", str(folder)])


def test_one_call_measures_schedules_runs_and_compares(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert benchmark(tmp_path, "--time-limit", "2") == 0
    table = capsys.readouterr().out
    assert "bitwise equal" in table
    assert table.index("bitwise equal") < table.index("gain over one after the other")
    results = json.loads((tmp_path / "one-gpu.results.json").read_text())
    assert results["table"] == table.splitlines()
    assert {len(run["makespans"]) for run in results["runs"].values()} == {2}
    schedule = Schedule.load(tmp_path / "one-gpu.schedule.json")
    measured = read_measured(tmp_path / "one-gpu.trace.json", schedule)
    ran = [event.action.task for event in measured.events if event.action.op == "run"]
    assert sorted(ran) == sorted(row.task for row in schedule.tasks)


def test_the_parts_run_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def files(*names: str) -> list[str]:
        return [str(tmp_path / name) for name in names]

    assert benchmark(tmp_path, "profile") == 0
    instances = files("one-gpu.instance.json", "one-gpu.idle.instance.json")
    assert benchmark(tmp_path, "solve", *instances, "--time-limit", "2") == 0
    solved = files(*(f"one-gpu.{name}schedule.json" for name in ("", "alone0.", "alone1.")))
    assert benchmark(tmp_path, "run", *solved) == 0
    assert "gain over one after the other" in capsys.readouterr().out


def test_a_part_without_its_files_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert benchmark(tmp_path, "run", "one.json") == 2
    assert "run: expected 3 files, got 1" in capsys.readouterr().err


def test_without_the_solver_the_best_heuristic_schedules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    benchmark(tmp_path, "profile")
    instance = Instance.load(tmp_path / "one-gpu.instance.json")
    monkeypatch.setitem(sys.modules, "gapweave.solver.solve", None)
    schedule, made_by = schedules.joint(instance, 1.0)
    assert schedule.solver.name in heuristics()
    assert schedule.solver.name in made_by
    assert "ModuleNotFoundError" in made_by
    assert verify(schedule) == []


def test_what_cannot_be_scheduled_here_is_measured_for_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(sys.modules, "benchmarks.one_gpu.schedules", None)
    monkeypatch.delattr("benchmarks.one_gpu.schedules")
    assert benchmark(tmp_path, "all") == 1
    assert "cannot be scheduled here" in capsys.readouterr().out
    assert Instance.load(tmp_path / "one-gpu.instance.json").jobs


def test_durations_of_a_job_alone_lie_between_those_beside_idle_and_beside_busy_devices(tmp_path: Path):
    benchmark(tmp_path, "profile")
    loaded = Instance.load(tmp_path / "one-gpu.instance.json")
    idle = Instance.load(tmp_path / "one-gpu.idle.instance.json")
    assert schedules.between(idle, loaded, 0).jobs[0].stages == idle.jobs[0].stages
    assert schedules.between(idle, loaded, 1) == loaded
    middle = schedules.alone(loaded, 1, idle).instance.jobs[0]
    for low, high, found in zip(idle.jobs[1].stages, loaded.jobs[1].stages, middle.stages, strict=True):
        assert min(low.forward, high.forward) <= found.forward <= max(low.forward, high.forward)


def test_a_checkout_is_described_as_the_installed_package_is(tmp_path: Path):
    [described] = distributions(path=[str(describe_checkout(tmp_path))])
    names = {entry.name for entry in described.entry_points if entry.group == "gapweave.heuristics"}
    assert names == set(heuristics())

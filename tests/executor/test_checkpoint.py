"""Checkpoints: complete or not there, and good for going on anywhere bit by bit."""

import errno
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from parity_cases import Case, small_stage, training_job
from schedule_factory import build_schedule, zero_idle_period
from torch import nn

from gapweave.executor.checkpoint import storage
from gapweave.executor.checkpoint.folder import newest
from gapweave.executor.run import run
from gapweave.executor.training.job import TrainingJob
from gapweave.models.errors import InvalidFile, InvalidOption, OutputError

CASE = Case(2, ("same", "reversed"), (False, True), (False, False), "interleaved")
ELSEWHERE = Case(2, ("reversed", "same"), (False, True), (False, False), "1f1b")


def trained(folder: Path | None, steps: int, *, resume: bool = False, case: Case = CASE) -> Mapping[str, str]:
    """The digests of all parameters after a run in this process."""
    return run(case.schedule, case.jobs, steps=steps, checkpoint=folder, resume=resume).digests


def test_a_resumed_run_ends_as_one_that_was_not_interrupted(tmp_path: Path) -> None:
    trained(tmp_path, 3)
    assert trained(tmp_path, 5, resume=True) == trained(None, 5)


def test_without_resume_a_folder_that_holds_another_run_is_left_alone(tmp_path: Path) -> None:
    trained(tmp_path, 2)
    with pytest.raises(InvalidOption, match="holds step 2 of an earlier run: add --resume"):
        trained(tmp_path, 1)
    assert trained(tmp_path, 2, resume=True) == trained(None, 2)


def test_a_finished_run_resumes_to_itself(tmp_path: Path) -> None:
    assert trained(tmp_path, 3) == trained(tmp_path, 3, resume=True)


def test_a_checkpoint_loads_on_another_placement(tmp_path: Path) -> None:
    trained(tmp_path, 2)
    result = run(ELSEWHERE.schedule, ELSEWHERE.jobs, steps=2, checkpoint=tmp_path, resume=True)
    assert result.resumed == 2
    assert result.digests == trained(None, 2)


@pytest.mark.parametrize(("before", "after"), [(3, 6), (3, 5), (2, 8), (4, 4)])
def test_periods_go_on_after_those_of_an_earlier_run(tmp_path: Path, before: int, after: int) -> None:
    schedule = zero_idle_period(2, 3)
    jobs = [training_job(2, number, False) for number in range(2)]
    run(schedule, jobs, steps=before, checkpoint=tmp_path)
    result = run(schedule, jobs, steps=after, checkpoint=tmp_path, resume=True, check=True)
    whole = run(schedule, jobs, steps=after)
    assert result.digests == whole.digests
    assert result.parity is not None
    assert not any(parity.differing for parity in result.parity)
    found = newest(tmp_path)
    assert found is not None
    assert found[1].step == after
    assert sum(map(len, result.losses.values())) == 2 * (after - before)


def test_a_schedule_without_a_period_goes_on_after_one_that_has_one(tmp_path: Path) -> None:
    periodic = zero_idle_period(2, 3)
    jobs = [training_job(2, number, False) for number in range(2)]
    run(periodic, jobs, steps=3, checkpoint=tmp_path)
    finite = build_schedule(periodic.instance)
    result = run(finite, jobs, steps=4, checkpoint=tmp_path, resume=True)
    assert (result.resumed, result.completed) == (3, 4)
    assert result.digests == run(periodic, jobs, steps=4).digests


def test_a_schedule_with_other_numbers_of_training_steps_is_refused(tmp_path: Path) -> None:
    instance = zero_idle_period(2, 3).instance
    jobs = [training_job(2, number, False) for number in range(2)]
    run(build_schedule(instance, steps=(1, 1)), jobs, steps=2, checkpoint=tmp_path)
    with pytest.raises(InvalidFile, match=r"steps\.job1: 1 for each of the schedule, now 2"):
        run(build_schedule(instance, steps=(1, 2)), jobs, steps=3, checkpoint=tmp_path, resume=True)


def test_a_header_without_training_steps_is_good_for_the_schedule_that_wrote_it(tmp_path: Path) -> None:
    trained(tmp_path, 2)
    header = tmp_path / "step-00000002" / "checkpoint.json"
    values = json.loads(header.read_text())
    del values["steps"]
    header.write_text(json.dumps(values))
    with pytest.raises(
        InvalidFile, match=r"steps: missing, as in .* only the schedule that ran before goes on"
    ):
        trained(tmp_path, 3, resume=True, case=ELSEWHERE)
    assert trained(tmp_path, 3, resume=True) == trained(None, 3)


def test_periods_do_not_go_on_from_a_header_that_does_not_count_them(tmp_path: Path) -> None:
    schedule = zero_idle_period(2, 3)
    jobs = [training_job(2, number, False) for number in range(2)]
    run(schedule, jobs, steps=3, checkpoint=tmp_path)
    (header,) = tmp_path.glob("*/checkpoint.json")
    header.write_text(json.dumps(json.loads(header.read_text()) | {"steps": None}))
    with pytest.raises(InvalidFile, match="steps: missing: an earlier gapweave did not note"):
        run(schedule, jobs, steps=6, checkpoint=tmp_path, resume=True)


def test_the_newest_two_are_kept(tmp_path: Path) -> None:
    trained(tmp_path, 5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000004", "step-00000005"]


def test_an_incomplete_checkpoint_does_not_count(tmp_path: Path) -> None:
    trained(tmp_path, 3)
    (tmp_path / "step-00000003" / "checkpoint.json").unlink()
    found = newest(tmp_path)
    assert found is not None
    assert found[1].step == 2
    assert trained(tmp_path, 5, resume=True) == trained(None, 5)


def test_there_is_nothing_to_resume_in_an_empty_folder(tmp_path: Path) -> None:
    assert trained(tmp_path / "new", 2, resume=True) == trained(None, 2)


def test_a_full_disk_ends_the_run_and_keeps_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(tmp_path, 2)
    full = OSError(errno.ENOSPC, "No space left on device")

    def write(*arguments: object, **options: object) -> None:
        raise full

    monkeypatch.setattr(storage, "save_state", write)
    with pytest.raises(OutputError, match="step-00000003: cannot be written: No space left on device"):
        trained(tmp_path, 4, resume=True)
    found = newest(tmp_path)
    assert found is not None
    assert found[1].step == 2
    monkeypatch.undo()
    assert trained(tmp_path, 4, resume=True) == trained(None, 4)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file: cannot be written: it is no folder"):
        trained(tmp_path / "file", 1)


def test_a_checkpoint_of_other_jobs_is_refused(tmp_path: Path) -> None:
    trained(tmp_path, 1)
    other = Case(2, ("same",), (False,), (False,), "1f1b")
    with pytest.raises(InvalidFile, match=r"jobs: is of jobs .* the schedule has"):
        trained(tmp_path, 2, resume=True, case=other)


@pytest.mark.parametrize(
    ("setting", "changed"),
    [
        ("seed", {"seed": 7}),
        ("optimizer", {"optimizer": partial(torch.optim.AdamW, lr=0.5)}),
        ("loss", {"loss": nn.functional.l1_loss}),
        ("first microbatch", {"microbatch": lambda step, index: (torch.ones(2, 6), torch.ones(2, 6))}),
        ("stage 1", {"stages": [partial(small_stage, 6), partial(small_stage, width=6)]}),
    ],
)
def test_other_settings_than_those_of_the_earlier_run_are_refused(
    tmp_path: Path, setting: str, changed: dict[str, Any]
) -> None:
    trained(tmp_path, 1)
    jobs = [replace(CASE.jobs[0], **changed), CASE.jobs[1]]
    with pytest.raises(
        InvalidFile, match=rf"checkpoint\.json: settings\.job0\.{setting}: .* had .*, this one has "
    ):
        run(CASE.schedule, jobs, steps=2, checkpoint=tmp_path, resume=True)


def test_another_number_of_microbatches_is_refused(tmp_path: Path) -> None:
    run(zero_idle_period(2, 3), [training_job(2, 0, False)] * 2, checkpoint=tmp_path)
    with pytest.raises(InvalidFile, match=r"settings\.job0\.microbatches: .* had 3, this one has 4"):
        run(
            zero_idle_period(2, 4), [training_job(2, 0, False)] * 2, checkpoint=tmp_path, resume=True, steps=2
        )


def test_other_options_of_a_module_are_refused(tmp_path: Path) -> None:
    def jobs(dropout: float) -> list[TrainingJob]:
        def stage() -> nn.Module:
            return nn.Sequential(nn.Linear(6, 6), nn.Dropout(dropout))

        return [replace(CASE.jobs[0], stages=[stage, stage]), CASE.jobs[1]]

    run(CASE.schedule, jobs(0.1), checkpoint=tmp_path)
    problem = (
        r"job 'job0', stage 0: is of another model: it had \(1\): Dropout\(p=0.1, .* has .*Dropout\(p=0.3"
    )
    with pytest.raises(InvalidFile, match=problem):
        run(CASE.schedule, jobs(0.3), steps=2, checkpoint=tmp_path, resume=True)


def test_settings_that_a_header_does_not_have_are_not_compared(tmp_path: Path) -> None:
    trained(tmp_path, 1)
    header = tmp_path / "step-00000001" / "checkpoint.json"
    header.write_text(json.dumps(json.loads(header.read_text()) | {"settings": None}))
    assert trained(tmp_path, 2, resume=True) == trained(None, 2)


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    trained(tmp_path, 1)
    header = tmp_path / "step-00000001" / "checkpoint.json"
    header.write_text(json.dumps(json.loads(header.read_text()) | {"settings": None}))
    with pytest.raises(InvalidFile, match="job 'job0', stage 0: is of another model"):
        run(CASE.schedule, CASE.jobs[::-1], steps=2, checkpoint=tmp_path, resume=True)


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("{", "is no header of a checkpoint"),
        ("[]", "format: expected 'gapweave.checkpoint/1'"),
        (json.dumps({"format": "gapweave.checkpoint/1"}), "is no header of a checkpoint: 'step'"),
    ],
)
def test_a_broken_header_is_refused_by_its_name(tmp_path: Path, header: str, problem: str) -> None:
    trained(tmp_path, 1)
    (tmp_path / "step-00000001" / "checkpoint.json").write_text(header)
    with pytest.raises(InvalidFile, match=f"checkpoint.json: .*{problem}"):
        trained(tmp_path, 2, resume=True)


def test_missing_data_of_a_checkpoint_are_noticed(tmp_path: Path) -> None:
    trained(tmp_path, 1)
    for part in (tmp_path / "step-00000001").glob("*.distcp"):
        part.unlink()
    with pytest.raises(InvalidFile, match="step-00000001: cannot be read"):
        trained(tmp_path, 2, resume=True)

"""A run that goes on without a secondary job that failed: the other jobs' numbers stay what they were."""

import json
from pathlib import Path

import pytest
import torch
from failing_jobs import FILE, jobs_with
from parity_cases import Case

from gapweave.executor.measured.comparison import RunComparison
from gapweave.executor.run import run
from gapweave.executor.runtime.fault import ActionFailed
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.training.job import TrainingJob
from gapweave.models.errors import InvalidOption

PAIR = Case(2, ("same", "reversed"), (False, True), (False, False), "interleaved")
TRIPLE = Case(2, ("same", "reversed", "same"), (False, True, False), (False, False, True), "interleaved")
STEPS = 5


def of_job(digests: dict[str, str], job: int) -> dict[str, str]:
    return {name: digest for name, digest in digests.items() if name.startswith(f"{job}/")}


def failing(case: Case, kind: str) -> list[TrainingJob]:
    """The jobs of a case, the last of which fails after some steps."""
    return jobs_with(kind, case.schedule)


@pytest.mark.parametrize("case", [PAIR, TRIPLE])
@pytest.mark.parametrize("kind", ["raise", "exit", "nan", "ragged"])
def test_the_other_jobs_end_as_if_nothing_had_failed(tmp_path: Path, case: Case, kind: str) -> None:
    last = len(case.schedule.instance.jobs) - 1
    result = run(
        case.schedule,
        failing(case, kind),
        steps=STEPS,
        checkpoint=tmp_path,
        on_failure="continue",
        check=True,
    )
    expected = run(case.schedule, failing(case, ""), steps=STEPS).digests
    assert [job.job for job in result.stopped_jobs] == [f"job{last}"]
    assert result.completed == STEPS
    for job in range(last):
        assert of_job(dict(result.digests), job) == of_job(dict(expected), job)
    assert not of_job(dict(result.digests), last)
    assert [parity.differing for parity in result.parity or ()] == [()] * last


def test_modules_given_as_objects_go_on_from_where_they_were(tmp_path: Path) -> None:
    jobs = failing(PAIR, "raise")
    torch.manual_seed(1)
    jobs[0] = TrainingJob([torch.nn.Linear(4, 4) for _ in jobs[0].stages], *_rest(jobs[0]))
    torch.manual_seed(1)
    same = TrainingJob([torch.nn.Linear(4, 4) for _ in jobs[0].stages], *_rest(jobs[0]))
    result = run(PAIR.schedule, jobs, steps=3, checkpoint=tmp_path, on_failure="continue")
    expected = run(PAIR.schedule, [same, failing(PAIR, "")[1]], steps=3)
    assert result.stopped_jobs
    assert of_job(dict(result.digests), 0) == of_job(dict(expected.digests), 0)


def _rest(job: TrainingJob) -> tuple:  # type: ignore[type-arg]
    return job.loss, job.optimizer, job.microbatch


def test_the_last_checkpoint_of_the_stopped_job_is_kept(tmp_path: Path) -> None:
    result = run(PAIR.schedule, failing(PAIR, "raise"), steps=8, checkpoint=tmp_path, on_failure="continue")
    headers = [json.loads(path.read_text()) for path in sorted(tmp_path.glob("*/checkpoint.json"))]
    kept = {header["step"]: sorted(header["jobs"]) for header in headers}
    last = result.stopped_jobs[0].step
    assert kept == {last: ["job0", "job1"], 7: ["job0"], 8: ["job0"]}


def test_a_run_without_the_stopped_job_resumes_without_it(tmp_path: Path) -> None:
    run(PAIR.schedule, failing(PAIR, "raise"), steps=4, checkpoint=tmp_path, on_failure="continue")
    result = run(
        PAIR.schedule, failing(PAIR, ""), steps=6, checkpoint=tmp_path, resume=True, on_failure="continue"
    )
    expected = run(PAIR.schedule, failing(PAIR, ""), steps=6).digests
    assert [job.failure for job in result.stopped_jobs] == ["stopped in an earlier run"]
    assert of_job(dict(result.digests), 0) == of_job(dict(expected), 0)


def test_what_was_measured_is_compared_for_the_jobs_that_remain(tmp_path: Path) -> None:
    result = run(
        PAIR.schedule,
        failing(PAIR, "raise"),
        steps=4,
        checkpoint=tmp_path,
        on_failure="continue",
        record_all=True,
    )
    comparison = RunComparison.of(PAIR.schedule, result.events())
    assert comparison.left_out == ("job1",)
    assert comparison.steps[-1].makespan == list(result.makespans().values())[-1]


def test_a_failing_primary_ends_the_run(tmp_path: Path) -> None:
    jobs = failing(PAIR, "raise")
    swapped = [TrainingJob(jobs[1].stages, *_rest(jobs[0])), TrainingJob(jobs[0].stages, *_rest(jobs[1]))]
    with pytest.raises(ActionFailed, match="this stage is broken"):
        run(PAIR.schedule, swapped, steps=STEPS, checkpoint=tmp_path, on_failure="continue")


@pytest.mark.parametrize(
    ("function", "problem"), [("nan", "is not finite"), ("ragged_data", "expected tensors of")]
)
def test_processes_go_on_too(tmp_path: Path, function: str, problem: str) -> None:
    result = run(
        PAIR.schedule,
        f"{FILE}:{function}",
        steps=4,
        backend="gloo",
        checkpoint=tmp_path,
        on_failure="continue",
    )
    expected = run(PAIR.schedule, failing(PAIR, ""), steps=4).digests
    assert problem in result.stopped_jobs[0].failure
    assert of_job(dict(result.digests), 0) == of_job(dict(expected), 0)


def test_there_must_be_a_checkpoint_to_go_on_from() -> None:
    with pytest.raises(InvalidOption, match="--on-failure continue needs --checkpoint"):
        run(PAIR.schedule, failing(PAIR, ""), on_failure="continue")


@pytest.mark.parametrize("job", range(3))
def test_without_a_job_both_ends_of_every_channel_still_agree(job: int) -> None:
    plan = Plan.of(TRIPLE.schedule).without(job)
    for sender in plan.programs:
        for receiver in plan.programs:
            sent = [a.task for a in sender.actions if a.op == "send" and a.peer == receiver.rank]
            posted = [a.task for a in receiver.actions if a.op == "post" and a.peer == sender.rank]
            assert sent == posted
    assert plan.trained == {0, 1, 2} - {job}

"""What cannot be trained is refused before any process starts, in the ranks' own words."""

from pathlib import Path

import failing_jobs
import pytest
from parity_cases import Case

from gapweave.executor.run import run
from gapweave.executor.runtime import processes
from gapweave.executor.runtime.early_checks import require_function, require_trainable
from gapweave.executor.runtime.jobs import jobs_of
from gapweave.executor.runtime.options import RunOptions
from gapweave.models.errors import GapweaveError, InvalidFile, InvalidOption

SCHEDULE = Case(2, ("same",), (False,), (False,), "1f1b").schedule
HIDING = ("from os.path import *", "globals()['made'] = print", "def __getattr__(name):\n    return print")
BINDING = ("def made(): ...", "made = print", "import os as made", "if True:\n    made = print")


@pytest.fixture(autouse=True)
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("processes were about to start")

    monkeypatch.setattr(processes, "Launcher", refuse)


@pytest.mark.parametrize(
    "options",
    [
        RunOptions(models=("gpt3",)),
        RunOptions(models=("transformer:width=x",)),
        RunOptions(models=("transformer:layers=1",)),
        RunOptions(models=("transformer",) * 3),
        RunOptions(models=("hf:config=nowhere.json",)),
        RunOptions(models=(f"hf:config={failing_jobs.FILE}",)),
        RunOptions(corpus="nowhere.txt"),
        RunOptions(corpus="/dev/null"),
        RunOptions(jobs="nowhere"),
        RunOptions(jobs="nowhere:jobs"),
        RunOptions(jobs="no.where:jobs"),
        RunOptions(jobs="nowhere.py:jobs"),
        RunOptions(jobs=f"{failing_jobs.FILE}:nothing"),
    ],
    ids=lambda options: f"{options.models or options.corpus or options.jobs}",
)
def test_what_ranks_would_refuse_is_refused_in_the_same_words(options: RunOptions) -> None:
    with pytest.raises(GapweaveError) as late:
        jobs_of(SCHEDULE, options)
    with pytest.raises((InvalidOption, InvalidFile)) as early:
        run(
            SCHEDULE,
            options.jobs,
            models=options.models,
            corpus=options.corpus,
            backend="gloo",
        )
    assert (type(early.value), str(early.value)) == (type(late.value), str(late.value))


@pytest.mark.parametrize("text", [*BINDING, *HIDING])
def test_a_function_that_may_be_there_is_not_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(text)
    require_function(f"{tmp_path}/own.py:made")


def test_no_code_of_the_user_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_jobs.py").write_text("made = print\nraise SystemExit")
    monkeypatch.chdir(tmp_path)
    require_function("own_jobs.py:made")
    require_function("own_jobs:made")
    with pytest.raises(InvalidOption, match="--jobs: own_jobs has no function 'other'"):
        require_function("own_jobs:other")


def test_packages_are_left_to_the_ranks() -> None:
    require_trainable(SCHEDULE, RunOptions(jobs="os.path:join"))

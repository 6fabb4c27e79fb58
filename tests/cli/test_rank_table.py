"""The lines below the error of a run that failed."""

from gapweave.cli.rank_table import rank_table
from gapweave.executor.program import Action
from gapweave.executor.runtime.failure_report import RankState

POST, TAKE = Action("post", "F", 0, 0, 1, 2, 1, 0), Action("take", "F", 0, 0, 1, 2, 1, 0)
TASK = Action("run", "O", 0, 0, 0, None)


def test_every_rank_has_step_action_channel_and_what_it_did_before() -> None:
    states = (
        RankState(0, 3, (POST, TAKE), failed=True),
        RankState(1, 9, (TASK,), failed=False),
        RankState(2, 3, (TAKE, TASK), failed=False, is_between=True),
        RankState(3, -1, (), failed=False),
    )
    waiting, working, between, before = rank_table(states).splitlines()[1:]
    assert waiting.split("  ")[-1] == f"{POST}"
    assert waiting.split() == f"0 4 {TAKE} rank 1 (channel 1 -> 0) {POST}".split()
    assert working.split() == f"1 10 {TASK}".split()
    assert between.split() == f"2 4 complete {TAKE}, {TASK}".split()
    assert before.split() == ["3", "before", "its", "first", "step"]


def test_columns_are_aligned() -> None:
    states = [RankState(rank, rank, (POST, TAKE), failed=False) for rank in (9, 10)]
    lines = rank_table(states).splitlines()
    assert (
        len({line.index(title) for line, title in zip(lines, ("action", "take", "take"), strict=True)}) == 1
    )

"""The examples of docs/programs.md are what the lowering makes."""

import re
from pathlib import Path

import pytest
from schedule_factory import build_schedule, make_instance, uniform_job

from gapweave.executor.lowering.lower import lower
from gapweave.executor.static_check import UnsafePrograms, check_programs

PAGE = Path(__file__).parents[2] / "docs" / "programs.md"
SCHEDULE = build_schedule(make_instance(uniform_job(2, 2), devices=2))


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_example_is_the_program_of_rank_1() -> None:
    assert str(lower(SCHEDULE)[1]) == block("program")


def test_the_grid_is_that_of_a_task_whose_activation_was_not_taken() -> None:
    first, second = lower(SCHEDULE)
    actions = tuple(a for a in second.actions if (a.op, a.kind, a.microbatch) != ("take", "F", 1))
    with pytest.raises(UnsafePrograms) as caught:
        check_programs(SCHEDULE, (first, second._replace(actions=actions)))
    assert block("grid").splitlines() == [str(caught.value), *caught.value.grid.splitlines()]

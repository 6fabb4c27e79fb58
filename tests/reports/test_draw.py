from pathlib import Path

import pytest
from schedule_factory import build_schedule, make_instance, uniform_job

from gapweave.models.errors import InvalidOption
from gapweave.reports.draw import draw
from gapweave.reports.frames import schedule_frame
from gapweave.reports.inline_svg import schedule_html

FORMATS = {
    ".html": b"<!DOCTYPE html>",
    ".svg": b"<?xml",
    ".png": b"\x89PNG\r\n\x1a\n",
    ".pdf": b"%PDF-",
    ".SVG": b"<?xml",
}


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_suffix_chooses_the_format(suffix: str, tmp_path: Path) -> None:
    schedule = build_schedule(make_instance(uniform_job(2, 2), devices=2))
    for name, schedules in (("one", schedule), ("two", [schedule, schedule])):
        draw(schedules, tmp_path / f"{name}{suffix}", memory=True, theme="dark")
        assert (tmp_path / f"{name}{suffix}").read_bytes().startswith(FORMATS[suffix])


def test_other_suffixes_are_refused_by_naming_the_known_ones(tmp_path: Path) -> None:
    schedule = build_schedule(make_instance(uniform_job(2, 2), devices=2))
    for name in ("chart.gif", "chart", ".html"):
        with pytest.raises(InvalidOption, match=r"\.html, \.svg, \.png, \.pdf$"):
            draw(schedule, tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".html", ".svg"])
def test_a_wrong_schedule_is_drawn_too(suffix: str, tmp_path: Path) -> None:
    """One looks at a schedule to see what is wrong: overlaps, times below 0, jobs that do not exist."""
    schedule = build_schedule(make_instance(uniform_job(2, 2), devices=2))
    first, *others = schedule.tasks
    wrong = schedule.model_copy(update={"tasks": (first._replace(start=-3), first._replace(job=7), *others)})
    draw(wrong, tmp_path / f"wrong{suffix}", memory=True)
    assert "job 7" in (tmp_path / f"wrong{suffix}").read_text(encoding="utf-8")
    assert "job 7" in schedule_html(wrong)
    assert schedule_frame(wrong)["job_name"].isna().sum() == 1

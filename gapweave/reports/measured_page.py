"""A run beside its plan as a file: planned above measured on one time axis."""

from html import escape
from pathlib import Path

from gapweave.executor.measured.comparison import RunComparison
from gapweave.models.atomic_write import write_text
from gapweave.reports.captions import printable
from gapweave.reports.colours import ThemeName
from gapweave.reports.gantt import draw_gantt
from gapweave.reports.html_page import html_page
from gapweave.reports.measured_words import (
    comparison_sentences,
    longest_losses,
    losses_table,
    meanings,
    shown_title,
)
from gapweave.reports.pictures import PICTURES
from gapweave.reports.suffixes import suffix_of
from gapweave.reports.table_files import table_html

#: Rows of the table of losses on a page.
_MOST_ROWS = 500
_LONGEST_TITLE = 60


def draw_measured(
    run: RunComparison, path: str | Path, *, memory: bool = False, theme: ThemeName | None = None
) -> None:
    """Draw the plan above the shown step of the run, on one time axis.

    ``.html`` is an interactive page, with ratios and causes of lost time as tables; ``.svg``, ``.png`` and
    ``.pdf`` are pictures.

    Raises
    ------
    InvalidOption
        The suffix is none of these.
    MissingExtra
        The format's library is not installed.
    OutputError
        The file could not be written; what stood there before is intact.
    """
    schedules, titles = [run.planned, run.measured], ["planned", shown_title(run)]
    if suffix_of(path, (".html", *PICTURES)) == ".html":
        name = printable(run.schedule.instance.name, _LONGEST_TITLE)
        title = f"{name}, planned and measured"
        write_text(path, html_page(title, schedules, titles, body=_body(run), theme=theme))
    else:
        draw_gantt(schedules, path, titles, memory=memory, theme=theme or "light")


def _body(run: RunComparison) -> str:
    words = "".join(f"<p>{escape(sentence)}</p>\n" for sentence in comparison_sentences(run))
    step = run.shown.repetition + 1
    explained = "".join(f"<b>{escape(cause)}</b>: {escape(words)}. " for cause, words in meanings(run))
    return (
        f"{words}<h2>Time lost against the plan in step {step}</h2>\n{table_html(losses_table(run))}"
        f'<p class="note">{explained}</p>\n'
        f"<details><summary>Every idle interval and task that took longer than planned</summary>\n"
        f"{table_html(longest_losses(run, _MOST_ROWS))}</details>\n<h2>Planned and measured</h2>\n"
    )

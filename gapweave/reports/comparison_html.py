"""A comparison as an HTML table."""

from html import escape

from gapweave.reports.comparison_table import Cell, ComparisonTable
from gapweave.reports.comparison_words import in_words
from gapweave.solver.compare import Comparison


def comparison_html(comparison: Comparison) -> str:
    """Return what a comparison says in words, and its table with the best values in bold, as HTML."""
    table = ComparisonTable.of(comparison)
    head = "".join(
        f'<th class="{_kind(index, table)}">{escape(name)}</th>' for index, name in enumerate(table.columns)
    )
    rows = "\n".join(
        f"<tr>{_cells(cells, row.reason, table)}</tr>"
        for cells, row in zip(table.rows, comparison.rows, strict=True)
    )
    return (
        f'<p class="lead">{escape(in_words(comparison))}</p>\n<div class="scroll"><table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>\n"
    )


def _cells(cells: tuple[Cell, ...], reason: str | None, table: ComparisonTable) -> str:
    """Return the cells of a row; a reason stands where there are no numbers."""
    if reason is None:
        return "".join(_cell(cell, _kind(index, table)) for index, cell in enumerate(cells))
    words = "".join(_cell(cell, "text") for cell in cells[: table.text_columns])
    numbers = len(cells) - table.text_columns
    return f'{words}<td class="why" colspan="{numbers}">{escape(reason)}</td>'


def _cell(cell: Cell, kind: str) -> str:
    text = escape(cell.text)
    return f'<td class="best"><b>{text}</b></td>' if cell.is_best else f'<td class="{kind}">{text}</td>'


def _kind(index: int, table: ComparisonTable) -> str:
    return "text" if index < table.text_columns else "number"

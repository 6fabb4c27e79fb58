"""Tables of rows as HTML, Markdown and CSV."""

import csv
from collections.abc import Sequence
from html import escape
from io import StringIO
from typing import Any

from gapweave.reports.row_table import Cell, RowTable
from gapweave.solver.rows import Row


def table_html(table: RowTable) -> str:
    """Return the table as HTML, with the best values in bold; a reason stands where there are no numbers."""
    head = "".join(
        f'<th class="{_kind(index, table)}">{escape(name)}</th>' for index, name in enumerate(table.columns)
    )
    rows = "\n".join(
        f"<tr>{_html_cells(cells, reason, table)}</tr>"
        for cells, reason in zip(table.rows, table.reasons, strict=True)
    )
    return (
        f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table></div>\n"
    )


def table_markdown(table: RowTable) -> list[str]:
    """Return the lines of a table in Markdown, with the best values in bold."""
    align = [":--" if index < table.text_columns else "--:" for index in range(len(table.columns))]
    rows = ([_markdown(cell) for cell in cells] for cells in table.rows)
    return [f"| {' | '.join(texts)} |" for texts in (table.columns, align, *rows)]


def rows_csv(rows: Sequence[Row]) -> str:
    """Return one line per row below the names of its keys; what a row lacks is empty."""
    documents = [_flat(row.to_document()) for row in rows]
    names = list(dict.fromkeys(name for document in documents for name in document))
    stream = StringIO()
    table = csv.DictWriter(stream, names, lineterminator="\n")
    table.writeheader()
    table.writerows(documents)
    return stream.getvalue()


def _flat(document: dict[str, Any]) -> dict[str, Any]:
    """Give every value of a nested object a column of its own, and write a list as one text."""
    flat: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{key}": one for key, one in value.items()}
        else:
            flat[name] = ":".join(map(str, value)) if isinstance(value, list) else value
    return flat


def _html_cells(cells: tuple[Cell, ...], reason: str | None, table: RowTable) -> str:
    if reason is None:
        return "".join(_html_cell(cell, _kind(index, table)) for index, cell in enumerate(cells))
    words = "".join(_html_cell(cell, "text") for cell in cells[: table.text_columns])
    numbers = len(cells) - table.text_columns
    return f'{words}<td class="why" colspan="{numbers}">{escape(reason)}</td>'


def _html_cell(cell: Cell, kind: str) -> str:
    text = escape(cell.text)
    return f'<td class="best"><b>{text}</b></td>' if cell.is_best else f'<td class="{kind}">{text}</td>'


def _kind(index: int, table: RowTable) -> str:
    return "text" if index < table.text_columns else "number"


def _markdown(cell: Cell) -> str:
    text = cell.text.replace("|", "\\|")
    return f"**{text}**" if cell.is_best else text

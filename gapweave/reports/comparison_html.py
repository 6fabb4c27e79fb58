"""A comparison as HTML."""

from html import escape

from gapweave.reports.comparison_table import comparison_table
from gapweave.reports.comparison_words import in_words
from gapweave.reports.table_files import table_html
from gapweave.solver.compare import Comparison


def comparison_html(comparison: Comparison) -> str:
    """Return what a comparison says in words, and its table with the best values in bold, as HTML."""
    return f'<p class="lead">{escape(in_words(comparison))}</p>\n{table_html(comparison_table(comparison))}'

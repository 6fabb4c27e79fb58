"""Names and texts as plotly shows them: never as markup."""

from html import escape

from gapweave.reports.captions import printable

_LONGEST_NAME = 60


def as_text(text: str) -> str:
    """Return a text that plotly shows as it is, neither as HTML nor as a formula between dollar signs."""
    return escape(text, quote=False).replace("$", "&#36;")


def as_name(name: str) -> str:
    """Return a name from a file on one line and not too long."""
    return printable(name, _LONGEST_NAME)

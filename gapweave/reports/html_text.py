"""Text and numbers as plotly and HTML take them."""

from html import escape
from math import log10

from gapweave.reports.captions import printable

_LONGEST = 60


def as_text(name: str) -> str:
    """Return a name that plotly shows as it is, never as markup."""
    return escape(printable(name, _LONGEST), quote=False)


def number_format(ticks: int) -> str:
    """Return the format (of d3) that writes every number of ticks exactly in a unit of ``ticks`` ticks."""
    return f",.{round(log10(ticks))}~f" if ticks > 1 else ",d"

"""How values show themselves in a notebook, without this package knowing who draws them.

Whoever can draw a kind of value registers a function under the entry-point group ``gapweave.display``, by the
kind's name. It takes the value and returns HTML.
"""

from importlib.metadata import entry_points

GROUP = "gapweave.display"


def as_html(kind: str, value: object) -> str | None:
    """Return a value as HTML, or None if nobody can draw its kind; a notebook then shows it as text."""
    for entry in entry_points(group=GROUP, name=kind):
        return str(entry.load()(value))
    return None

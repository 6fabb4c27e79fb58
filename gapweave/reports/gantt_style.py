"""How the parts of a Gantt chart look, and the settings under which it is rendered."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib
import matplotlib.style
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from gapweave.reports.colours import Theme, ink_on

LABEL_SIZE = 8.0

_SETTINGS = {
    # Text stays text: a paper's figure can be searched, copied and restyled. Boxes are measured with DejaVu
    # Sans, which is wider than what viewers put in its place, so that labels fit there too.
    "svg.fonttype": "none",
    # TrueType outlines: many publishers refuse the Type 3 fonts that are the default.
    "pdf.fonttype": 42,
    # Ids in the file follow from its content, so that equal schedules give equal files.
    "svg.hashsalt": "gapweave",
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "hatch.linewidth": 0.6,
}


@dataclass(frozen=True)
class Look:
    """Colours of a kind of box.

    Attributes
    ----------
    hatch
        In matplotlib's notation, drawn in the edge's colour.
    foot
        Colour of a strip along the floor.
    """

    fill: str
    edge: str
    ink: str
    hatch: str | None = None
    foot: str | None = None


def idle_look(theme: Theme) -> Look:
    """Return how the band behind a device's tasks looks."""
    return Look(theme.idle_tint, theme.idle_hatch, theme.ink, "////")


def look(theme: Theme, job: int, kind: str) -> Look:
    """Return how a job's tasks of one kind look: filled, or hatched for ``O``."""
    colour = theme.shade(job, kind)
    if kind == "O":
        return Look(theme.paper, colour, theme.ink, "//////")
    return Look(colour, theme.paper, ink_on(colour))


def text_width(text: str, size: float) -> float:
    """Return how wide a text is set at a font size, both in points."""
    width, _, _ = text_to_path.get_text_width_height_descent(text, FontProperties(size=size), ismath=False)
    return float(width)


@contextmanager
def chart_settings() -> Iterator[None]:
    """Render under our own settings, whatever the user's are, and put theirs back."""
    with matplotlib.style.context(["default", _SETTINGS]), warnings.catch_warnings():
        # Names may be in any script; what the font lacks is drawn as a box, or by the viewer of an SVG.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield

"""Pictures inside pages: SVG whose colours follow the page's theme."""

import re
from collections.abc import Iterable

from gapweave.reports.colours import DARK, LIGHT

_NAMES = ("paper", "ink", "quiet_ink", "grid", "idle_tint", "idle_hatch")


def themed_svg(picture: bytes, colours: Iterable[tuple[str, str]]) -> str:
    """Return an SVG picture that was drawn on light paper as an element of a page.

    Parameters
    ----------
    colours
        On light and on dark paper, those that it has beside the colours of text and paper.
    """
    svg = picture.decode()
    svg = re.sub(r"<metadata>.*</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    pairs = [(getattr(LIGHT, name), getattr(DARK, name)) for name in _NAMES]
    for light, dark in dict([*pairs, *colours]).items():
        svg = svg.replace(light, f"light-dark({light}, {dark})")
    return svg

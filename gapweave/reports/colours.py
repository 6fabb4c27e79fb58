"""One hue per job and one shade per kind, on light and dark paper, told apart with every colour blindness."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

ThemeName: TypeAlias = Literal["light", "dark"]
#: Shades of F, B and W of one hue, light to dark.
Hue: TypeAlias = tuple[str, str, str]

_SHADES = {"F": 0, "B": 1, "W": 2, "O": 2}
#: What text on a filled box may look like.
_DARK_TEXT, _LIGHT_TEXT = "#1d2530", "#ffffff"


@dataclass(frozen=True)
class Theme:
    """All colours of a chart, as ``#rrggbb``.

    Attributes
    ----------
    paper, ink, quiet_ink
        The background, text and axes, and quieter text.
    grid
        Lines that guide the eye.
    idle_tint, idle_hatch
        What lies behind an idle device.
    resident
        Memory that is always taken.
    best
        Behind the best value of a table's column.
    hues
        One per job; they repeat after the last.
    """

    name: ThemeName
    paper: str
    ink: str
    quiet_ink: str
    grid: str
    idle_tint: str
    idle_hatch: str
    resident: str
    best: str
    hues: tuple[Hue, ...]

    def shade(self, job: int, kind: str) -> str:
        """Return the colour of a job's tasks of one kind.

        ``O`` has the shade of ``W``: charts tell it apart by an outline or hatching.
        """
        return self.hues[job % len(self.hues)][_SHADES[kind]]


#: The hues follow Okabe and Ito, "Color universal design" (2008).
LIGHT = Theme(
    name="light",
    paper="#ffffff",
    ink="#1d2530",
    quiet_ink="#5b6572",
    grid="#e3e6ea",
    idle_tint="#f4f5f6",
    idle_hatch="#d9dde1",
    resident="#a9b1bb",
    best="#dff0e8",
    hues=(
        ("#c3ddf0", "#5ba0d0", "#0f5a94"),  # blue
        ("#fbdcb8", "#ef9440", "#ad4c05"),  # orange
        ("#c0e6d8", "#3fb08a", "#03694d"),  # green
        ("#efd3e4", "#cf80ad", "#8a376a"),  # purple
        ("#f1eab2", "#cdb92b", "#766a00"),  # yellow
    ),
)
DARK = Theme(
    name="dark",
    paper="#12161c",
    ink="#e6e9ee",
    quiet_ink="#9aa5b1",
    grid="#2a313a",
    idle_tint="#1b2129",
    idle_hatch="#333c47",
    resident="#5d6773",
    best="#173a2d",
    hues=(
        ("#c3ddf0", "#63a8d8", "#1b6dad"),
        ("#fbdcb8", "#f0994a", "#b5560c"),
        ("#c0e6d8", "#45b48f", "#0b775a"),
        ("#efd3e4", "#d389b4", "#99467a"),
        ("#f1eab2", "#cdb92b", "#817400"),
    ),
)
THEMES: dict[ThemeName, Theme] = {theme.name: theme for theme in (LIGHT, DARK)}


#: Of the foot under the tasks of every other step, on any fill and either paper.
FOOT = "#2b3543"


def curve_colours(theme: Theme, job: int) -> tuple[str, str]:
    """Return the colours of a job's curve: a quiet one, near the paper, and a strong one."""
    return theme.shade(job, "F" if theme.name == "light" else "W"), theme.shade(job, "B")


def ink_on(fill: str) -> str:
    """Return the text colour that reads better on ``fill``, by the contrast ratio of WCAG 2.1."""
    luminance = _luminance(fill)
    on_dark = (_luminance(_LIGHT_TEXT) + 0.05) / (luminance + 0.05)
    on_light = (luminance + 0.05) / (_luminance(_DARK_TEXT) + 0.05)
    return _LIGHT_TEXT if on_dark > on_light else _DARK_TEXT


def _luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb``, 0 (black) to 1 (white)."""
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)

"""One hue per job and one shade per kind, told apart with every common colour blindness."""

#: Shades of F, B and W, light to dark. The hues follow Okabe and Ito, "Color universal design" (2008).
_HUES: tuple[tuple[str, str, str], ...] = (
    ("#c3ddf0", "#5ba0d0", "#0f5a94"),  # blue
    ("#fbdcb8", "#ef9440", "#ad4c05"),  # orange
    ("#c0e6d8", "#3fb08a", "#03694d"),  # green
    ("#efd3e4", "#cf80ad", "#8a376a"),  # purple
    ("#f1eab2", "#cdb92b", "#766a00"),  # yellow
)
_SHADES = {"F": 0, "B": 1, "W": 2, "O": 2}

#: Dark and light text; axes, captions and quieter text; what lies behind an idle device.
INK = "#1d2530"
PAPER = "#ffffff"
QUIET_INK = "#5b6572"
IDLE_TINT = "#f4f5f6"
IDLE_HATCH = "#d9dde1"


def shade(job: int, kind: str) -> str:
    """Return the colour of a job's tasks of one kind, as ``#rrggbb``; hues repeat after five jobs.

    ``O`` has the shade of ``W``: charts tell it apart by an outline or hatching.
    """
    return _HUES[job % len(_HUES)][_SHADES[kind]]


def ink_on(fill: str) -> str:
    """Return the text colour that reads better on ``fill``, by the contrast ratio of WCAG 2.1."""
    luminance = _luminance(fill)
    on_dark = (_luminance(PAPER) + 0.05) / (luminance + 0.05)
    on_light = (luminance + 0.05) / (_luminance(INK) + 0.05)
    return PAPER if on_dark > on_light else INK


def _luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb``, 0 (black) to 1 (white)."""
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)

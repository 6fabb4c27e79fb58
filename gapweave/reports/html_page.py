"""One self-contained HTML page with an interactive chart: library, style and data are all inside."""

import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from gapweave.models.errors import MissingExtra
from gapweave.models.schedule import Schedule
from gapweave.reports.colours import DARK, LIGHT, ThemeName
from gapweave.reports.html_data import chart_data

#: Nothing may be loaded, from wherever: what the page needs is in it.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"

_BUTTONS = (
    '<button id="everything" type="button">see everything</button>'
    '<button id="theme" type="button">light / dark</button>'
)
_SCRIPTS = ("chart_rows.js", "painter.js", "legend.js", "tooltip.js", "page.js")

_PAGE = Template("""<!DOCTYPE html>
<html lang="en"$forced_theme>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="$policy">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="gapweave">
<title>$title</title>
<style>
$colours
$style</style>
</head>
<body>
<header><h1>$title</h1>$buttons</header>
$body
$chart</body>
</html>
""")

_CHART = Template("""<div id="legend" role="group" aria-label="Legend"></div>
<div id="chart"></div>
<p class="hint">Drag to zoom in, double-click to see everything, Shift + drag to move, Ctrl + wheel to zoom. \
Point at a task to follow its microbatch; click in the legend to hide tasks.</p>
<script type="application/json" id="chart-data">$data</script>
<script>
$library
</script>
<script>
$script</script>
""")


def html_page(
    title: str,
    schedules: Sequence[Schedule],
    titles: Sequence[str],
    *,
    body: str = "",
    theme: ThemeName | None = None,
) -> str:
    """Return a page with one chart of all schedules, if there are any, on one time axis.

    Parameters
    ----------
    title
        Of the page, as text.
    titles
        One per schedule, as text.
    body
        HTML between the page's title and the chart.
    theme
        None: as the reader's system is set.

    Raises
    ------
    MissingExtra
        plotly is not installed.
    """
    return _PAGE.substitute(
        title=escape(title),
        forced_theme="" if theme is None else f' data-theme="{theme}"',
        policy=_POLICY,
        colours=_colours(),
        style=_asset("page.css"),
        body=body,
        buttons=_BUTTONS if schedules else "",
        chart=_chart(schedules, titles) if schedules else "",
    )


def _chart(schedules: Sequence[Schedule], titles: Sequence[str]) -> str:
    return _CHART.substitute(
        data=_embedded(chart_data(schedules, titles)),
        library=_plotly(),
        script="\n".join(map(_asset, _SCRIPTS)),
    )


def _asset(name: str) -> str:
    return (files("gapweave.reports") / "assets" / name).read_text(encoding="utf-8")


def _colours() -> str:
    """Return the themes' colours as variables of the style sheet."""
    names = ("paper", "ink", "quiet_ink", "grid", "best")
    pairs = ((name.replace("_", "-"), getattr(LIGHT, name), getattr(DARK, name)) for name in names)
    return "".join(f":root {{ --{name}: light-dark({light}, {dark}); }}\n" for name, light, dark in pairs)


def _embedded(value: dict[str, Any]) -> str:
    """Return JSON that no HTML parser takes for markup."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _plotly() -> str:
    try:
        from plotly.offline import get_plotlyjs
    except ModuleNotFoundError as exc:
        if (exc.name or "").partition(".")[0] != "plotly":
            raise
        raise MissingExtra("drawing interactive charts", "plot") from exc
    return str(get_plotlyjs())

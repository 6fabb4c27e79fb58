"""One self-contained HTML page with an interactive chart: library, style and data are all inside."""

import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from gapweave.models.errors import MissingExtra
from gapweave.models.schedule import Schedule
from gapweave.reports.colours import ThemeName
from gapweave.reports.html_figure import html_figure

#: Nothing may be loaded, from wherever: what the page needs is in it.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"

_PAGE = Template("""<!DOCTYPE html>
<html lang="en"$forced_theme>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="$policy">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="gapweave">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<header><h1>$title</h1><button id="theme" type="button">light / dark</button></header>
$body
<p class="hint">Drag to zoom in, double-click to see everything, Shift + drag to move, Ctrl + wheel to zoom. \
Point at a task to follow its microbatch. Click in the legend to hide tasks.</p>
<div id="chart"></div>
<script type="application/json" id="chart-data">$data</script>
<script>
$library
</script>
<script>
$script</script>
</body>
</html>
""")


def html_page(
    title: str,
    schedules: Sequence[Schedule],
    chart_titles: Sequence[str],
    *,
    body: str = "",
    theme: ThemeName | None = None,
) -> str:
    """Return a page with one chart of all schedules on one time axis.

    Parameters
    ----------
    title
        Of the page, as text.
    chart_titles
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
    assets = files("gapweave.reports") / "assets"
    return _PAGE.substitute(
        title=escape(title),
        forced_theme="" if theme is None else f' data-theme="{theme}"',
        policy=_POLICY,
        style=(assets / "page.css").read_text(encoding="utf-8"),
        body=body,
        data=_embedded(html_figure(schedules, chart_titles)),
        library=_plotly(),
        script=(assets / "gantt.js").read_text(encoding="utf-8"),
    )


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

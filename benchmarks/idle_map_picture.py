"""Draws the map of least idle time, and prints its table.

Run as ``python -m benchmarks.idle_map_picture docs/idle-map``: writes ``docs/idle-map.svg`` and
``docs/idle-map-dark.svg`` from the records of `benchmarks.idle_map`.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from benchmarks.idle_map import DEVICES, MEMORIES, RATIOS, Cell, Place, known_cells
from gapweave.models.atomic_write import write_bytes
from gapweave.reports.colours import THEMES, Theme, ink_on
from gapweave.reports.pictures import render
from gapweave.reports.time_scale import percent

_POINTS_PER_INCH = 72.0
_CELL_WIDTH, _CELL_HEIGHT = 31.0, 19.0
_LEFT, _TOP, _BETWEEN, _BELOW = 58.0, 52.0, 46.0, 34.0
_SIZE, _TITLE_SIZE = 7.0, 11.0
#: Idle share that has the darkest colour.
_DARKEST = 0.4
_NAMES = {1: "1x", 2: "2x", None: "none"}


def idle_share(place: Place, cell: Cell) -> float | None:
    """Return the share of time that the best schedule of a cell is idle; None if there is none."""
    return None if cell.period is None else 1 - place.load / cell.period


def cell_text(place: Place, cell: Cell) -> str:
    """Return the idle share, with ``≤`` where a better schedule has not been excluded."""
    share = idle_share(place, cell)
    if share is None:
        return "?"
    text = percent(round(share, 3)).removesuffix(" %")
    return text if cell.is_proven else f"≤{text}"


def idle_map_figure(cells: Mapping[Place, Cell], theme: Theme) -> Figure:
    """Draw a panel for each number of devices and each order: microbatches across, memory down."""
    width = _LEFT + len(DEVICES) * len(RATIOS) * _CELL_WIDTH + (len(DEVICES) - 1) * _BETWEEN + 12
    height = _TOP + 2 * (len(MEMORIES) * _CELL_HEIGHT + _BELOW) + 14
    figure = Figure(figsize=(width / _POINTS_PER_INCH, height / _POINTS_PER_INCH), facecolor=theme.paper)
    title = "Least idle time of two equal jobs in steady state, in % (F 1, B 2)"
    figure.text(_LEFT / width, 1 - 19 / height, title, size=_TITLE_SIZE, weight="bold", color=theme.ink)
    for row, order in enumerate((False, True)):
        for column, devices in enumerate(DEVICES):
            left = _LEFT + column * (len(RATIOS) * _CELL_WIDTH + _BETWEEN)
            top = _TOP + row * (len(MEMORIES) * _CELL_HEIGHT + _BELOW)
            size = (len(RATIOS) * _CELL_WIDTH, len(MEMORIES) * _CELL_HEIGHT)
            box = (left / width, 1 - (top + size[1]) / height, size[0] / width, size[1] / height)
            _draw_panel(figure.add_axes(box), cells, devices, order, theme)
    words = (
        "across: microbatches of each job; down: memory of a device, in microbatches per device of the "
        "pipeline; ≤: found, not proven least"
    )
    figure.text(_LEFT / width, 10 / height, words, size=_SIZE + 0.5, color=theme.quiet_ink)
    return figure


def _draw_panel(axes: Axes, cells: Mapping[Place, Cell], devices: int, order: bool, theme: Theme) -> None:
    places = list(_places(devices, order))
    axes.set_xlim(0, len(RATIOS))
    axes.set_ylim(len(MEMORIES), 0)
    for column, row, place in places:
        cell = cells.get(place)
        share = None if cell is None else idle_share(place, cell)
        fill = theme.idle_tint if share is None else _shade(share, theme)
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=fill, edgecolor=theme.paper, linewidth=1.5))
        text = "" if cell is None else cell_text(place, cell)
        style: dict[str, Any] = {"ha": "center", "va": "center_baseline", "size": _SIZE}
        weight = "bold" if cell is not None and cell.is_proven else "normal"
        axes.text(column + 0.5, row + 0.5, text, color=ink_on(fill), weight=weight, **style)
    axes.set_xticks(
        [column + 0.5 for column in range(len(RATIOS))], [str(round(ratio * devices)) for ratio in RATIOS]
    )
    axes.set_yticks([row + 0.5 for row in range(len(MEMORIES))], [_NAMES[memory] for memory in MEMORIES])
    axes.tick_params(length=0, pad=3, labelsize=_SIZE, labelcolor=theme.ink)
    axes.set_facecolor(theme.paper)
    for spine in axes.spines.values():
        spine.set_visible(False)
    name = f"{devices} devices, {'reversed' if order else 'same'} order"
    axes.set_title(name, size=_SIZE + 1.5, color=theme.ink, pad=4, loc="left")


def _places(devices: int, order: bool) -> Iterator[tuple[int, int, Place]]:
    for column, ratio in enumerate(RATIOS):
        for row, memory in enumerate(MEMORIES):
            yield column, row, Place(devices, round(ratio * devices), order, memory)


def _shade(share: float, theme: Theme) -> str:
    """Return a colour between the first two hues' ends: none of it without idle time."""
    weight = min(share / _DARKEST, 1.0) ** 0.7
    none, full = theme.hues[2][0], theme.hues[1][2]
    middle = theme.hues[1][0]
    ends = (none, middle) if weight < 0.25 else (middle, full)
    part = weight / 0.25 if weight < 0.25 else (weight - 0.25) / 0.75
    mixed = (
        round(int(ends[0][i : i + 2], 16) * (1 - part) + int(ends[1][i : i + 2], 16) * part)
        for i in (1, 3, 5)
    )
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def table(cells: Mapping[Place, Cell]) -> str:
    """Return the map as Markdown, a row for each number of devices, order and memory."""
    ratios = [f"{ratio:g} P" for ratio in RATIOS]
    lines = [f"| P | order | memory | {' | '.join(ratios)} |", "|--:|---|---|" + "--:|" * len(RATIOS)]
    for devices in DEVICES:
        for order in (False, True):
            for memory in MEMORIES:
                places = [Place(devices, round(ratio * devices), order, memory) for ratio in RATIOS]
                texts = [cell_text(place, cells[place]) if place in cells else "" for place in places]
                name = "reversed" if order else "same"
                lines.append(f"| {devices} | {name} | {_NAMES[memory]} | {' | '.join(texts)} |")
    return "\n".join(lines)


def main() -> None:
    """Draw on light and dark paper, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path, help="the pictures' path without a suffix")
    target = parser.parse_args().target
    cells = known_cells()
    for name, theme in THEMES.items():
        suffix = ".svg" if name == "light" else "-dark.svg"
        picture = render(lambda paper=theme: idle_map_figure(cells, paper), ".svg", "Least idle time")  # type: ignore[misc]
        write_bytes(f"{target}{suffix}", picture)
    print(table(cells))


if __name__ == "__main__":
    main()

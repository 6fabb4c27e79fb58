"""Reads a Gantt chart back from its SVG, so that tests can compare it with the schedule."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

_SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Box:
    """A rectangle on the page; y grows downwards."""

    left: float
    right: float
    top: float
    bottom: float


class SvgChart:
    def __init__(self, path: Path) -> None:
        self.root = ElementTree.parse(path).getroot()

    @property
    def texts(self) -> list[str]:
        return ["".join(element.itertext()) for element in self.root.iter(f"{_SVG}text")]

    @property
    def path_count(self) -> int:
        return sum(1 for _ in self.root.iter(f"{_SVG}path"))

    def boxes(self, group: str) -> list[Box]:
        """The rectangles in the group with this id."""
        return [_box(outline) for outline in self.outlines(group)]

    def outlines(self, group: str) -> list[list[tuple[float, float]]]:
        """The corners of each closed outline in the group with this id."""
        paths: Iterable[str] = (
            path.attrib["d"]
            for element in self.root.iter(f"{_SVG}g")
            if element.get("id") == group
            for path in element.iter(f"{_SVG}path")
        )
        return [_corners(outline) for path in paths for outline in re.findall(r"M[^Mz]*z", path)]


def _corners(outline: str) -> list[tuple[float, float]]:
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", outline)]
    return list(zip(numbers[0::2], numbers[1::2], strict=True))


def _box(corners: list[tuple[float, float]]) -> Box:
    across, down = zip(*corners, strict=True)
    return Box(min(across), max(across), min(down), max(down))

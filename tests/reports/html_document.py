"""Reads an interactive page back, so that tests can compare it with what it shows."""

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

#: Attributes that make a browser fetch something.
_LOADING = ("src", "href", "srcset", "data", "poster", "action", "background")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    text: str = ""


@dataclass
class HtmlDocument(HTMLParser):
    """All elements of a page in order, each with the text directly inside it."""

    page: str
    elements: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)
        self.open: list[Element] = []
        self.feed(self.page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.elements.append(element)
        if tag not in ("meta", "link", "br", "img"):
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.open[-1].text += data

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def with_id(self, name: str) -> Element:
        (element,) = (element for element in self.elements if element.attributes.get("id") == name)
        return element

    @property
    def data(self) -> dict[str, Any]:
        """What the page's chart shows."""
        data: dict[str, Any] = json.loads(self.with_id("chart-data").text)
        return data

    @property
    def loaded(self) -> list[str]:
        """Everything that the page's elements and styles would make a browser fetch."""
        found = [
            str(value)
            for element in self.elements
            for name, value in element.attributes.items()
            if name in _LOADING
        ]
        styles = [element.text for element in self.all("style")]
        return found + [style for style in styles if "url(" in style or "@import" in style]

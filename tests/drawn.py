"""Reads a picture's DOT text back into boxes and lines, for tests that ask what a drawing says."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from viz import Picture

ATTRIBUTE = re.compile(r'(\w+)=(<<.*?>>(?=[ \]]|$)|"(?:[^"\\]|\\.)*"|[^\s\]]+)')


@dataclass(frozen=True)
class Box:
    """A box, or the frame of a scope: its rows of text, and its attributes."""

    rows: list[str]
    look: dict[str, str]

    def __contains__(self, text: str) -> bool:
        return text in self.rows


@dataclass(frozen=True)
class Line:
    """A line from one box to another: its words, and its attributes."""

    source: str
    target: str
    words: str
    look: dict[str, str]

    @property
    def width(self) -> float:
        return float(self.look["penwidth"])


@dataclass(frozen=True)
class Drawn:
    """What a picture shows: boxes by name, lines in order (the invisible ones left out), and titles of frames."""

    boxes: dict[str, Box]
    lines: list[Line]
    frames: list[str]
    legend: str

    def named(self, name: str) -> Box:
        """The one box whose first row begins with this name."""
        (box,) = (box for box in self.boxes.values() if box.rows and box.rows[0].split(" ")[0] == name)
        return box

    def words(self) -> list[str]:
        return [line.words for line in self.lines]


def text_of(label: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", label)).replace("\xa0", " ").strip()


def attributes(text: str) -> dict[str, str]:
    return {key: value[1:-1] if value[0] in '<"' else value for key, value in ATTRIBUTE.findall(text)}


def read(picture: Picture) -> Drawn:
    """What the picture's DOT text says."""
    drawn = Drawn({}, [], [], "")
    legend = ""
    for line in map(str.strip, picture.source.splitlines()):
        look = attributes(line.partition("[")[2] if "[label" in line or "[style" in line else line)
        label = look.pop("label", "")
        if edge := re.match(r"(\w+) -> (\w+) \[", line):
            if look.get("style") != "invis":
                drawn.lines.append(Line(edge[1], edge[2], text_of(label), look))
        elif box := re.match(r"([ns]\d+|(?:before|after)_\d+) \[", line):
            drawn.boxes[box[1]] = Box([text_of(row) for row in re.findall(r"<td>(.*?)</td>", label)], look)
        elif "labelloc=t" in line:
            drawn.frames.append(text_of(label))
        elif "labelloc=b" in line:
            legend = text_of(label)
    return Drawn(drawn.boxes, drawn.lines, drawn.frames, legend)

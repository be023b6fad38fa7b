"""Where tests open a page: in a real browser, or in Node with as little of a document as it needs."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

from browsing import visit
from scripts import Ask

from viz.page.html import SCRIPTS
from viz.page.stepper import Stepper

SEEN = f"() => {{ {Path(__file__).with_name('seen.js').read_text('utf-8')}; return seen(); }}"
MODULE = ["document.mjs", *SCRIPTS, "seen.js"]


class Host(Protocol):
    """Where a page is open: what people do there, and what is seen."""

    def open(self, stepper: Stepper) -> None: ...
    def press(self, *keys: str) -> None: ...
    def go(self, k: int) -> None: ...
    def fill(self, row: int, x: float) -> None: ...
    def seen(self) -> dict[str, Any]: ...


def told(stepper: Stepper) -> dict[str, Any]:
    """What Python tells the page, to open it any number of times."""
    options = {"svg": stepper.svg, "grid": stepper.grid, "theme": stepper.theme, "start": stepper.start, "page": True}
    return {"data": stepper.data, "options": options}


class Node:
    """A page in Node, in as little of a document as it needs."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.acts: list[list[Any]] = []

    def open(self, stepper: Stepper, hash: str = "", **options: Any) -> None:
        self.tell(told(stepper), hash, **options)

    def tell(self, told: dict[str, Any], hash: str = "", **options: Any) -> None:
        """Open a page that was laid out before."""
        self.acts.clear()
        self.ask({"open": {**told, "options": told["options"] | options, "hash": hash}})

    def act(self, *acts: list[Any]) -> dict[str, Any]:
        """What is seen once all of this was done."""
        found: dict[str, Any] = self.ask({"acts": [*self.acts, *acts]})
        self.acts.clear()
        return found

    def press(self, *keys: str) -> None:
        self.acts.append(["press", *keys])

    def go(self, k: int) -> None:
        self.acts.append(["fill", "[data-part=slider]", str(k)])

    def fill(self, row: int, x: float) -> None:
        self.acts += [
            ["focus", ".gr-input [role=spinbutton]", row],
            ["fill", ".gr-input [role=spinbutton]", f"{x:g}", row],
        ]

    def seen(self) -> dict[str, Any]:
        return self.act()


class Chromium:
    """A page in a real browser."""

    def __init__(self, running: Any, folder: Path) -> None:
        self.running, self.folder, self.stack = running, folder, ExitStack()

    def open(self, stepper: Stepper) -> None:
        self.stack.close()
        self.visit = self.stack.enter_context(visit(self.running, stepper.save_html(self.folder / "page.html")))

    def press(self, *keys: str) -> None:
        self.visit.press(*keys)

    def go(self, k: int) -> None:
        self.visit.slider().fill(str(k))

    def fill(self, row: int, x: float) -> None:
        self.visit.open("Inputs")
        self.visit.page.locator(".gr-input [role=spinbutton]").nth(row).fill(f"{x:g}")

    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = self.visit.page.evaluate(SEEN)
        return found

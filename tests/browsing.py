"""A real Chromium for tests of pages: offline, and watched for errors, dialogs and requests."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def absent(what: str) -> NoReturn:
    pytest.skip(f"{what} is not there")


def need_browser() -> None:
    if importlib.util.find_spec("playwright") is None:
        absent("the package playwright")
    if CHROMIUM is None:
        absent("chromium")


@contextmanager
def browser() -> Iterator[Any]:
    need_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@dataclass
class Visit:
    """An open page, and what it did that it should not."""

    page: Any
    faults: list[str] = field(default_factory=list)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def slider(self) -> Any:
        return self.page.get_by_role("slider", name="Step", exact=True)

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    def open(self, name: str) -> None:
        """Open what a button opens, unless it is open."""
        button = self.button(name)
        if button.get_attribute("aria-expanded") != "true":
            button.click()

    def leaf(self, name: str) -> Any:
        self.open("Inputs")
        return self.page.get_by_role("spinbutton", name=name, exact=True)

    def node(self, number: int) -> Any:
        return self.page.locator(f"g[data-node='{number}']")

    def says(self) -> str:
        return str(self.page.get_by_role("status").text_content())

    def at(self) -> int:
        return int(self.slider().input_value())

    def label(self, number: int) -> str:
        return str(self.node(number).locator("rect").get_attribute("aria-label"))

    def wait(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds; the page's policy forbids the browser's own way of waiting."""
        for _ in range(200):
            if holds():
                return
            self.page.wait_for_timeout(25)
        raise AssertionError("it never came to hold")

    def texts(self, number: int) -> list[str]:
        """What a node shows: value and gradient."""
        return [self.node(number).locator(kind).text_content() for kind in (".gr-value", ".gr-gradient")]


@contextmanager
def visit(browser: Any, file: Path, **options: Any) -> Iterator[Visit]:
    """Open a file without any network; at the end nothing may have gone wrong."""
    given = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **options}
    context = browser.new_context(**given)
    context.set_offline(True)
    context.set_default_timeout(8000)
    page = context.new_page()
    seen = Visit(page)
    page.on("console", lambda m: seen.faults.append(f"{m.type}: {m.text}") if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: seen.faults.append(f"error: {error}"))
    page.on("request", lambda r: seen.faults.append(f"request: {r.url}") if r.url != file.as_uri() else None)

    def dialog(opened: Any) -> None:
        seen.faults.append(f"dialog: {opened.message}")
        opened.dismiss()

    page.on("dialog", dialog)
    page.goto(file.as_uri())
    page.get_by_role("status").first.wait_for()
    try:
        yield seen
        assert not seen.faults
    finally:
        context.close()

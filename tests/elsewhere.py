"""``python tests/elsewhere.py PYTHON FOLDER [notebook voila myst]``: the stepper in hosts that no test installs.

PYTHON is the interpreter of an environment that has them: ``pip install notebook voila myst-nb anywidget graphviz``.
Each is driven in Chromium, as the tests drive JupyterLab; FOLDER keeps a screenshot of each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import test_jupyter as jupyter
from browsing import browser

SERVED = ("--no-browser", "--port={port}")
OPEN = ("--ServerApp.root_dir=.", "--allow-root", *jupyter.OPEN[:2])


class Elsewhere:
    """Hosts of one environment, and a browser to open them in."""

    def __init__(self, python: str, folder: Path, chromium: Any) -> None:
        self.python, self.folder, self.chromium = python, folder, chromium
        folder.mkdir(parents=True, exist_ok=True)
        self.file = jupyter.notebook(folder / "steps.ipynb")
        self.run("nbconvert", "--to", "notebook", "--execute", "--inplace", self.file.name)

    def run(self, *module: str) -> None:
        env = {**os.environ, "PYTHONPATH": str(jupyter.ROOT)}
        subprocess.run([self.python, "-m", *module], cwd=self.folder, env=env, check=True, capture_output=True)

    def page(self, url: str, **options: Any) -> Any:
        view = {"width": 1280, "height": 1000}
        page = self.chromium.new_context(viewport=view, reduced_motion="reduce", **options).new_page()
        page.set_default_timeout(60_000)
        page.goto(url)
        return page

    def both(self, page: Any, name: str) -> str:
        """The page and the widget step; what stands in for them is gone."""
        jupyter.steps_and_edits(page.frame_locator("iframe[srcdoc]").first)
        widget = page.locator(".gradroute").first
        widget.get_by_role("status").wait_for()
        jupyter.steps_and_edits(widget)
        assert not page.locator(".gr-kept").first.is_visible()
        assert not page.locator(".gr-poster").first.is_visible()
        page.screenshot(path=self.folder / f"{name}.png", full_page=True)
        return "page and widget step"

    def notebook(self) -> str:
        command = ("notebook", *SERVED, *OPEN)
        with jupyter.serving(self.folder, *command, ready="/api/status", python=self.python) as url:
            page = self.page(f"{url}/notebooks/{self.file.name}")
            cell = page.locator(".jp-Notebook .jp-Cell").first
            cell.wait_for()
            page.wait_for_timeout(3000)  # the kernel starts
            cell.click()
            for _ in range(2):
                page.keyboard.press("Shift+Enter")
            page.wait_for_timeout(3000)
            page.locator("iframe[srcdoc]").first.wait_for()
            told = self.both(page, "notebook")
            page = self.page(f"{url}/notebooks/{jupyter.foreign(self.file).name}")
            jupyter.pictures_are_seen(page, 2)
            page.screenshot(path=self.folder / "notebook_foreign.png", full_page=True)
            assert page.locator("iframe").count() == 0
            return told + "; of a notebook that is not trusted pictures are seen"

    def voila(self) -> str:
        command = ("voila", self.file.name, *SERVED)
        with jupyter.serving(self.folder, *command, ready="/", python=self.python) as url:
            return self.both(self.page(url), "voila")

    def myst(self) -> str:
        source = self.folder / "source"
        source.mkdir(exist_ok=True)
        told = json.loads(jupyter.foreign(self.file).read_text())
        told["cells"].insert(0, {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# Steps"})
        (source / "index.ipynb").write_text(json.dumps(told))
        (source / "conf.py").write_text("extensions = ['myst_nb']\nnb_execution_mode = 'off'\n")
        self.run("sphinx", "-q", "source", "site")
        page = self.page((self.folder / "site" / "index.html").as_uri(), offline=True)
        frames = page.locator("iframe[srcdoc]")
        for i in range(frames.count()):
            frames.nth(i).scroll_into_view_if_needed()
            jupyter.steps_and_edits(page.frame_locator("iframe[srcdoc]").nth(i))
        jupyter.pictures_are_seen(page, 0)
        page.set_viewport_size({"width": 1280, "height": 1000})
        page.screenshot(path=self.folder / "myst.png", full_page=True)
        return f"{frames.count()} pages step, offline, and pictures are seen"


if __name__ == "__main__":
    with browser() as running:
        hosts = Elsewhere(sys.argv[1], Path(sys.argv[2]).resolve(), running)
        for name in sys.argv[3:] or ("notebook", "voila", "myst"):
            drive: Callable[[], str] = getattr(hosts, name)
            print(f"{name}: {drive()}", flush=True)

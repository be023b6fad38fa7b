"""The stepper in real notebooks, driven in Chromium: JupyterLab with and without a kernel, nbconvert, marimo."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from browsing import absent, browser, need_browser
from test_shown_in_notebooks import PICTURES

from viz.page.poster import SENTENCE

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
CELLS = [
    "from autodiff import Value, max_pool1d\nimport viz\n"
    "x = [Value(n, f'x{i}') for i, n in enumerate((3, 0, 4, 2, 0))]\n"
    "p = max_pool1d(x, kernel_size=3, stride=2)\ny = 0.7 * p[0] + 0.9 * p[1]\n"
    "stepper = viz.step(y, grid=dict(cells=x, outputs=p, kernel_size=3, stride=2))\nstepper",
    "stepper.widget()",
    "print('before', x[0].data, stepper.values['x0'])\nprint('output', stepper.apply(), x[0].data)\n"
    "y.backward()\nprint('gradient', x[0].grad)",
]


def need(*packages: str) -> None:
    need_browser()
    for package in packages:
        if importlib.util.find_spec(package) is None:
            absent(f"the package {package}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as running:
        yield running


def notebook(path: Path) -> Path:
    cells = [
        {"cell_type": "code", "id": f"c{i}", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
        for i, source in enumerate(CELLS)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    path.write_text(
        json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})
    )
    return path


@contextmanager
def serving(folder: Path, *command: str, ready: str, python: str = sys.executable) -> Iterator[str]:
    """A server of this folder on a free port, ended afterwards; ``{port}`` in the command is its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = folder / "home"
    home.mkdir(exist_ok=True)
    own = {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(home), "JUPYTER_DATA_DIR": str(home), "PYTHONPATH": str(ROOT)}
    own |= {"JUPYTER_RUNTIME_DIR": str(home), "IPYTHONDIR": str(home), "XDG_CONFIG_HOME": str(home)}
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            [python, "-m", *(part.format(port=port) for part in command)],
            cwd=folder,
            env={**os.environ, **own},
            stdout=log,
            stderr=log,
        )
        try:
            for _ in range(600):
                try:
                    urlopen(f"http://127.0.0.1:{port}{ready}", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            else:
                raise AssertionError((folder / "server.log").read_text())
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


LAB = ("jupyterlab", "--no-browser", "--port={port}", "--ServerApp.root_dir=.", "--allow-root")
OPEN = ("--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", "--LabApp.news_url=")


def steps_and_edits(place: Any) -> None:
    """Whoever shows it, the stepper does this."""
    place.get_by_role("button", name="First step", exact=True).click()
    place.get_by_role("button", name="Next step", exact=True).click()
    slider = place.get_by_role("slider", name="Step", exact=True)
    assert slider.input_value() == "1"
    place.get_by_role("button", name="Next step", exact=True).press("ArrowRight")
    assert slider.input_value() == "2"
    assert place.get_by_role("status").text_content() == "x2 = 4"
    slider.press("End")
    assert place.locator("g[data-node='2'] .gr-gradient").text_content() == "1.6"
    place.get_by_role("button", name="Inputs", exact=True).click()
    place.get_by_role("spinbutton", name="x0", exact=True).fill("9")
    place.get_by_role("button", name="Inputs", exact=True).click()
    assert place.locator("g[data-node='0'] .gr-gradient").text_content() == "0.7"
    assert place.locator("g[data-node='2'] .gr-gradient").text_content() == "0.9"


def lab_page(chromium: Any, url: str, name: str = "steps.ipynb") -> Any:
    page = chromium.new_context(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce").new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{url}/lab/workspaces/{Path(name).stem}/tree/{name}")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    return page


def test_jupyterlab(chromium: Any, tmp_path: Path) -> None:
    need("jupyterlab", "ipykernel", "anywidget")
    file = notebook(tmp_path / "steps.ipynb")
    with serving(tmp_path, *LAB, *OPEN, ready="/api/status") as url:
        page = lab_page(chromium, url)
        page.get_by_text("| Idle").wait_for()
        page.locator(".jp-Notebook .jp-Cell").first.click()
        for _ in CELLS[:2]:
            page.keyboard.press("Shift+Enter")
        frame = page.frame_locator("iframe[srcdoc]").first
        frame.get_by_role("status").wait_for()
        steps_and_edits(frame)
        widget = page.locator(".jp-OutputArea-output .gradroute")
        widget.get_by_role("status").wait_for()
        steps_and_edits(widget)
        assert not page.locator(".gr-kept").is_visible()
        # The keys of the notebook do nothing to it while one is in the stepper.
        count = page.locator(".jp-Notebook .jp-Cell").count()
        widget.locator("g[data-node='6'] rect").focus()
        page.keyboard.press("b")
        assert page.locator(".jp-Notebook .jp-Cell").count() == count
        assert "breakpoint" in widget.locator("g[data-node='6'] rect").get_attribute("aria-label")
        # What was edited in the browser is in Python; apply() writes it.
        page.locator(".jp-Notebook .jp-Cell").nth(2).locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        told = page.locator(".jp-OutputArea-output pre").last
        page.get_by_text("gradient 0.7").wait_for()
        assert re.findall(r"[\d.]+", told.text_content()) == ["3.0", "9.0", "9.9", "9.0", "0.7"]
        page.keyboard.press("Control+s")
        wait_until(lambda: "gradient 0.7" in file.read_text())
        page.context.close()
    # Reopened, with no kernel to be had.
    none = ("--KernelSpecManager.allowed_kernelspecs=none", "--KernelSpecManager.ensure_native_kernel=False")
    with serving(tmp_path, *LAB, *OPEN, *none, ready="/api/status") as url:
        page = lab_page(chromium, url)
        without_kernel(page)
        for i in range(2):  # in the widget's place, too
            frame = page.frame_locator("iframe[srcdoc]").nth(i)
            frame.get_by_role("status").wait_for()
            steps_and_edits(frame)
        assert not page.get_by_text("Loading widget").is_visible()
        page.context.close()
        untrusted(chromium, url, file)
    exported(chromium, tmp_path, file)


def foreign(file: Path) -> Path:
    """The notebook with every kind of picture, as if somebody else had sent it."""
    told = json.loads(file.read_text())
    told["cells"] += [
        {
            **told["cells"][0],
            "id": f"picture{i}",
            "outputs": [{"output_type": "display_data", "metadata": {}, "data": shown}],
        }
        for i, shown in enumerate(draw()._repr_mimebundle_() for draw in PICTURES.values())
    ]
    sent = file.with_name("foreign.ipynb")
    sent.write_text(json.dumps(told))
    return sent


def pictures_are_seen(page: Any, more: int) -> None:
    """Every kind of picture is there, and ``more`` that stand in for steppers."""
    page.set_viewport_size({"width": 1280, "height": 20_000})  # cells out of sight are not there
    pictures = page.locator("img[src^=data]")
    wait_until(lambda: pictures.count() >= more + len(PICTURES))
    assert all(pictures.evaluate_all("images => images.map((image) => image.complete && image.naturalWidth > 300)"))


def untrusted(chromium: Any, url: str, file: Path) -> None:
    """Of a notebook that came from elsewhere, sentence and picture are left."""
    page = lab_page(chromium, url, foreign(file).name)
    without_kernel(page)
    pictures_are_seen(page, 2)
    outputs = page.locator(".jp-Notebook .jp-OutputArea-output")
    for i in range(2):
        place = outputs.nth(i)
        place.get_by_text(SENTENCE).wait_for()
        image = place.locator("img")
        assert image.evaluate("image => image.complete && image.naturalWidth") > 400
        assert "1.6" in image.get_attribute("alt")
    assert page.locator("iframe").count() == 0
    page.context.close()


def without_kernel(page: Any) -> None:
    """Decline every kernel that JupyterLab asks for."""
    page.locator(".jp-Dialog").first.wait_for()
    for _ in range(20):
        refuse = page.locator(".jp-Dialog .jp-mod-reject")
        if refuse.count():
            refuse.first.click()
        page.wait_for_timeout(200)


def exported(chromium: Any, folder: Path, file: Path) -> None:
    """nbconvert's page steps, without a network, and no picture is wider than the paper that it is printed on."""
    command = [sys.executable, "-m", "nbconvert", "--to", "html", file.name, "foreign.ipynb"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env={**os.environ, "HOME": str(folder)})
    context = chromium.new_context(reduced_motion="reduce")
    context.set_offline(True)
    page = context.new_page()
    page.goto(file.with_suffix(".html").as_uri())
    frames = page.locator("iframe[srcdoc]")
    assert frames.count() == 2  # the widget's, too
    for i in range(2):
        frames.nth(i).scroll_into_view_if_needed()
        place = page.frame_locator("iframe[srcdoc]").nth(i)
        place.get_by_role("status").wait_for()
        steps_and_edits(place)
    page.set_viewport_size({"width": 640, "height": 800})
    page.goto((folder / "foreign.html").as_uri())
    ends = page.locator("img").evaluate_all("images => images.map((image) => image.getBoundingClientRect().right)")
    assert len(ends) >= len(PICTURES)
    assert max(ends) <= 640
    context.close()


def wait_until(holds: Any) -> None:
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it never came to hold")


MARIMO = """
import marimo
app = marimo.App()

@app.cell
def _():
    from autodiff import Value, max_pool1d
    import viz
    x = [Value(n, f'x{i}') for i, n in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    y = 0.7 * p[0] + 0.9 * p[1]
    stepper = viz.step(y)
    stepper
    return stepper, x

@app.cell
def _(stepper):
    import marimo as mo
    widget = mo.ui.anywidget(stepper.widget())
    widget
    return mo, widget

@app.cell
def _(mo, stepper, widget):
    widget.value
    mo.md(f"in Python: {stepper.values['x0']}")
    return
"""


def test_marimo(chromium: Any, tmp_path: Path) -> None:
    need("marimo", "anywidget")
    (tmp_path / "steps.py").write_text(MARIMO)
    command = ("marimo", "run", "steps.py", "--headless", "--no-token", "--port={port}")
    with serving(tmp_path, *command, ready="/health") as url:
        page = chromium.new_context(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce").new_page()
        page.set_default_timeout(60_000)
        page.goto(url)
        frame = page.frame_locator("iframe[srcdoc]").first
        frame.get_by_role("status").wait_for()
        steps_and_edits(frame)
        widget = page.locator(".gradroute")
        widget.get_by_role("status").wait_for()
        steps_and_edits(widget)
        page.get_by_text("in Python: 9.0").wait_for()
        widget.locator("g[data-node='6'] rect").focus()
        page.keyboard.press("b")
        assert "breakpoint" in widget.locator("g[data-node='6'] rect").get_attribute("aria-label")
        page.context.close()

"""Runs scripts of the page in Node, without a browser: several of them and drivers in one module, a job a line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from autodiff.programs.javascript import functions

VIZ = Path(__file__).resolve().parents[1] / "viz"
STATIC = VIZ / "page" / "static"
PLACES = STATIC, VIZ / "netpage" / "static", VIZ / "pairs" / "static", Path(__file__).parent

ENGINE = ("numbers.js", "engine.js", "telling.js", "mathematics.js", "seeing.js")

Ask = Callable[[Any], Any]


@contextmanager
def running(names: Sequence[str], driver: str, folder: Path) -> Iterator[Ask]:
    """One Node process, which answers jobs; a job that fails fails the test with JavaScript's own words.

    The names are those of the page's scripts, or of files beside this one.
    """
    node = shutil.which("node")
    if node is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the page's JavaScript is not tested: Node.js is missing")
        pytest.skip("no Node.js")
    module = folder / "module.mjs"
    files = (*names, "answering.js", driver)
    paths = [next(place / name for place in PLACES if (place / name).exists()) for name in files]
    module.write_text("\n".join([functions(), *(path.read_text("utf-8") for path in paths)]), "utf-8")
    pipe = subprocess.PIPE
    with subprocess.Popen([node, str(module)], stdin=pipe, stdout=pipe, encoding="utf-8") as process:
        assert process.stdin
        assert process.stdout

        def ask(job: Any) -> Any:
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            reply = json.loads(process.stdout.readline())
            assert not (isinstance(reply, dict) and "error" in reply), reply["error"]
            return reply

        yield ask
        process.stdin.close()

"""Run one of the README's commands as it stands there: ``python .ci/readme.py 2`` runs the tests.

The interpreter that runs this file is taken for ``python3``; on Windows paths are spelled as the README says.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def commands(readme: str) -> list[str]:
    """The shell commands of a README, in order."""
    return [
        line
        for block in re.findall(r"^```sh\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]


def spelled(command: str, python: str, windows: bool) -> str:
    """The command for this interpreter and system."""
    if windows:
        command = command.replace(".venv/bin/python", r".venv\Scripts\python")
    return re.sub(r"\bpython3 ", lambda _: f'"{python}" ', command)


if __name__ == "__main__":
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    command = spelled(commands(text)[int(sys.argv[1]) - 1], sys.executable, os.name == "nt")
    print(command, flush=True)
    sys.exit(subprocess.run(command, shell=True, cwd=ROOT).returncode)

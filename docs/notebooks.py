"""``python docs/notebooks.py [name ...]``: run the notebooks and keep what they show, without times."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"


def executed(path: Path) -> None:
    """Run a notebook from top to bottom and write it back with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(FOLDER)}}
    # what is printed is one text, in however many pieces it arrives
    NotebookClient(notebook, timeout=600, record_timing=False, coalesce_streams=True, resources=where).execute()
    language = notebook.metadata.language_info
    for key in ("version", "codemirror_mode", "nbconvert_exporter"):
        language.pop(key, None)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for path in sorted(FOLDER.glob("*.ipynb")):
        if not sys.argv[1:] or path.stem in sys.argv[1:]:
            executed(path)
            print(path.name)

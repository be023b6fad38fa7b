"""Other distributions of the same module names: one that is in the way is called by its name.

The package index has distributions ``autodiff`` and ``viz`` that have nothing to do with this project, but whose
modules are called the same. Whichever was installed last, or stands first on the path, is imported.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

__all__ = ["need"]

_HOME = Path(__file__).resolve().parents[1]  # both packages stand side by side
_KNOWN = {"autodiff": ("Program", "Value", "steps"), "viz": ("Stepper", "draw", "pool")}


def need(name: str) -> None:
    """Raise ``ImportError``, saying what to do, where the package of that name is not this project's.

    >>> need("autodiff")
    """
    try:
        package = import_module(name)
    except Exception as error:
        spec = find_spec(name)
        if spec is not None and _home(spec.origin, spec.submodule_search_locations) == _HOME:
            raise
        raise ImportError(_advice(name, spec.origin if spec else None)) from error
    missing = [word for word in _KNOWN[name] if not hasattr(package, word)]
    if missing:
        raise ImportError(_advice(name, package.__file__))


def _home(origin: str | None, folders: Iterable[str] | None) -> Path | None:
    folder = next(iter(folders or ()), origin)
    return Path(folder).resolve().parent if folder else None


def _advice(name: str, place: str | None) -> str:
    return (
        f"the package {name!r} that Python finds ({place or 'nowhere'}) is not gradroute's, whose module is called "
        f"the same: run `pip uninstall {name}`, then `pip install --force-reinstall --no-deps gradroute`; or rename a "
        f"file or folder of yours that is called {name!r}"
    )


need("autodiff")  # once, before anything of ``viz`` asks it for what a stranger of that name does not have

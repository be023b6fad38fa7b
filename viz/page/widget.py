"""The stepper as a widget: the page's own script, in touch with Python. Needs the optional package anywidget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from autodiff.language.notation import as_json
from viz.page.html import SOME, module, signs
from viz.page.style import style

__all__ = ["widget"]


# In JupyterLab and Notebook, what stands after a page that is kept is hidden until it is a stepper.
_EITHER = "<style>.jp-OutputArea-child:has(.gr-kept)+.jp-OutputArea-child:not(:has(.gradroute)){display:none}</style>"


def _packed(values: dict[str, float], _: object) -> dict[str, float | str]:
    return {name: as_json(x) for name, x in values.items()}


def _unpacked(values: dict[str, float | str], _: object) -> dict[str, float]:
    return {name: float(x) for name, x in values.items()}


@cache
def _kind(css: str, script: str) -> Any:
    """The class of the widgets of a style and a script, made when the first one is asked for."""
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise ImportError(
            "a stepper in touch with Python needs the package anywidget: pip install anywidget; without it, the "
            "stepper itself shows everything in the notebook and on a page"
        ) from error

    class StepperWidget(anywidget.AnyWidget):  # type: ignore[misc,unused-ignore]
        """A stepper whose ``values``, the numbers of the leaves by name, go both ways between page and Python."""

        _esm = script
        _css = css
        data = traitlets.Dict().tag(sync=True)
        svg = traitlets.Unicode().tag(sync=True)
        grid = traitlets.Dict(allow_none=True).tag(sync=True)
        theme = traitlets.Unicode().tag(sync=True)
        start = traitlets.Int().tag(sync=True)
        kept = traitlets.Unicode().tag(sync=True)  # which page this widget hides
        values = traitlets.Dict().tag(sync=True, to_json=_packed, from_json=_unpacked)
        page: Callable[[], dict[str, str]]

        def _repr_mimebundle_(self, **options: Any) -> Any:
            """The widget, and beside it the page in a frame, for where no kernel is."""
            data, metadata = self._alone(**options)
            return {**data, **self.page()}, metadata

        def _alone(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
            bundle = super()._repr_mimebundle_(**options)
            return bundle if isinstance(bundle, tuple) else (bundle or {}, {})

        def _ipython_display_(self, **_: Any) -> None:
            """The page in a frame, and after it the widget, which hides the page as soon as it is alive itself.

            One output with both would not do: JupyterLab shows "Loading widget" for ever once the kernel is gone.
            """
            from IPython.display import display

            data, metadata = self._alone()
            page, self.kept = self.page(), self.model_id
            page["text/html"] = f'<div class="gr-kept" data-widget="{self.kept}">{_EITHER}{page["text/html"]}</div>'
            alone = {**data, "text/html": "", "text/plain": ""}  # nothing, where no widget is known
            for shown, told in ((page, {}), (alone, metadata)):
                display(shown, metadata=told, raw=True)  # type: ignore[no-untyped-call,unused-ignore]

    return StepperWidget


def widget(
    facts: Mapping[str, Any],
    page: Callable[[], dict[str, str]],
    follow: Callable[[dict[str, float]], None],
    look: Callable[[int], None],
    css: str | None = None,
) -> Any:
    """A widget of these facts, that tells ``follow`` its new values and ``look`` the step that is looked at.

    ``page`` is what stands in where no kernel is. ``ImportError`` says what to install when the package anywidget is
    not there.
    """
    script = module(SOME if facts["grid"] else ("widget.js",), signs(facts["data"]))
    made = _kind(style() if css is None else css, script)(**facts)
    made.page = page
    made.observe(lambda change: follow(change["new"]), names="values")
    made.observe(lambda change: look(change["new"]), names="start")
    return made

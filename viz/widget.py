"""The stepper as a widget: the page's own script, in touch with Python. Needs the optional package anywidget."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from viz.page import module, style

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise ImportError(
        "a stepper in touch with Python needs the package anywidget: pip install anywidget; without it, the stepper "
        "itself shows everything in the notebook and on a page"
    ) from error

if TYPE_CHECKING:
    from viz.stepper import Stepper

__all__ = ["StepperWidget", "widget"]


def _packed(values: dict[str, float], _: object) -> dict[str, float | str]:
    return {name: x if math.isfinite(x) else repr(x) for name, x in values.items()}


def _unpacked(values: dict[str, float | str], _: object) -> dict[str, float]:
    return {name: float(x) for name, x in values.items()}


class StepperWidget(anywidget.AnyWidget):  # type: ignore[misc,unused-ignore]
    """A stepper whose ``values``, the numbers of the leaves by name, go both ways between the page and Python."""

    _esm = module()
    _css = style()
    data = traitlets.Dict().tag(sync=True)
    svg = traitlets.Unicode().tag(sync=True)
    grid = traitlets.Dict(allow_none=True).tag(sync=True)
    theme = traitlets.Unicode().tag(sync=True)
    start = traitlets.Int().tag(sync=True)
    values = traitlets.Dict().tag(sync=True, to_json=_packed, from_json=_unpacked)
    stepper: Stepper

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget, and beside it the page in a frame, for where no kernel is."""
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, **self.stepper._repr_mimebundle_()}, metadata


def widget(stepper: Stepper) -> StepperWidget:
    """A widget of this stepper."""
    facts = {"data": stepper.data, "svg": stepper.svg, "theme": stepper.theme, "start": stepper.start}
    made = StepperWidget(**facts, grid=stepper.grid, values=stepper.values)
    made.stepper = stepper
    made.observe(lambda change: stepper._follow(change["new"]), names="values")
    return made

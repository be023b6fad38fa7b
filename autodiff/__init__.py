"""gradroute's engine: scalar automatic differentiation in which every number can be watched as it moves.

>>> from autodiff import Value
>>> x = Value(3.0, "x")
>>> y = x * x + 1
>>> y.backward()
>>> x.grad
6.0
"""

from importlib import import_module
from typing import TYPE_CHECKING

from autodiff import functions
from autodiff.functions import *  # noqa: F403 - the functions of the table, by name
from autodiff.functions import abs as abs
from autodiff.habits import imports as _imports  # noqa: F401 - answers imports of what is not here
from autodiff.habits.answers import refuse_name
from autodiff.language.formulas import FormulaError
from autodiff.recording.reverse import StaleError
from autodiff.recording.scopes import Scope, no_grad, scope
from autodiff.recording.value import Value, operation
from autodiff.table.operations import TABLE, Operation

if TYPE_CHECKING:
    from autodiff import nn as nn
    from autodiff import optim as optim
    from autodiff.architecture import LayerNodes, layer, layers
    from autodiff.derivatives.grad import grad, hessian, jacobian, jvp
    from autodiff.expressions import expression
    from autodiff.facts.checks import GradcheckError, KinkWarning, gradcheck
    from autodiff.facts.explaining import Explanation, explain
    from autodiff.facts.nans import Origin, first_nan
    from autodiff.facts.routes import PoolRoutes, Window, routes
    from autodiff.facts.steps import Snapshot, Step, Steps, steps
    from autodiff.graph import Edge, Flow, Graph, Node
    from autodiff.pooling import avg_pool1d, avg_pool2d, max_pool1d, max_pool2d
    from autodiff.programs.frozen import FrozenBranchWarning
    from autodiff.programs.program import Program
else:
    # Where the names above are at home: what a Value does not need is loaded when it is first asked for.
    _HOMES = {
        "architecture": ("LayerNodes", "layer", "layers"),
        "facts.checks": ("GradcheckError", "KinkWarning", "gradcheck"),
        "derivatives.grad": ("grad", "hessian", "jacobian", "jvp"),
        "expressions": ("expression",),
        "facts.explaining": ("Explanation", "explain"),
        "facts.nans": ("Origin", "first_nan"),
        "facts.routes": ("PoolRoutes", "Window", "routes"),
        "facts.steps": ("Snapshot", "Step", "Steps", "steps"),
        "graph": ("Edge", "Flow", "Graph", "Node"),
        "pooling": ("avg_pool1d", "avg_pool2d", "max_pool1d", "max_pool2d"),
        "programs.frozen": ("FrozenBranchWarning",),
        "programs.program": ("Program",),
    }
    _LATE = {name: f"{__name__}.{home}" for home, names in _HOMES.items() for name in names}

    def __getattr__(name):
        if name in ("nn", "optim"):
            return import_module(f"{__name__}.{name}")
        if name not in _LATE:
            refuse_name(__name__, "PACKAGE", name)
        found = globals()[name] = getattr(import_module(_LATE[name]), name)
        return found

    def __dir__():
        return sorted({*globals(), *_LATE, "nn", "optim"})


__version__ = "0.1.0"  # its one home: setup.cfg reads it from here, without importing anything

__all__ = [
    "TABLE",
    "Edge",
    "Explanation",
    "Flow",
    "FormulaError",
    "FrozenBranchWarning",
    "GradcheckError",
    "Graph",
    "KinkWarning",
    "LayerNodes",
    "Node",
    "Operation",
    "Origin",
    "PoolRoutes",
    "Program",
    "Scope",
    "Snapshot",
    "StaleError",
    "Step",
    "Steps",
    "Value",
    "Window",
    "avg_pool1d",
    "avg_pool2d",
    "explain",
    "expression",
    "first_nan",
    "grad",
    "gradcheck",
    "hessian",
    "jacobian",
    "jvp",
    "layer",
    "layers",
    "max_pool1d",
    "max_pool2d",
    "no_grad",
    "operation",
    "routes",
    "scope",
    "steps",
]
__all__ += vars(functions)["__all__"]

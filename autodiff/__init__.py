"""gradroute's engine: scalar automatic differentiation in which every number can be watched as it moves.

>>> from autodiff import Value
>>> x = Value(3.0, "x")
>>> y = x * x + 1
>>> y.backward()
>>> x.grad
6.0
"""

from autodiff.derivatives.checks import GradcheckError, KinkWarning, gradcheck
from autodiff.derivatives.grad import grad, hessian, jacobian, jvp
from autodiff.expressions import expression
from autodiff.facts.explaining import Explanation, explain
from autodiff.facts.routes import PoolRoutes, Window, routes
from autodiff.facts.steps import Moment, Step, Steps, steps
from autodiff.functions import *  # noqa: F403 - the functions of the table, by name
from autodiff.functions import __all__ as _functions
from autodiff.functions import abs as abs
from autodiff.graph import Edge, Flow, Graph, Node
from autodiff.pooling import avg_pool1d, avg_pool2d, max_pool1d, max_pool2d
from autodiff.programs.program import FrozenBranchWarning, Program
from autodiff.recording.reverse import StaleError
from autodiff.recording.scopes import Scope, no_grad, scope
from autodiff.recording.value import Value, operation
from autodiff.table.formulas import FormulaError
from autodiff.table.operations import TABLE, Operation

__version__ = "0.1.0"  # its one home: setup.cfg reads it from here, without importing anything

__all__ = [
    "TABLE",
    "Edge",
    "Explanation",
    "Flow",
    "FrozenBranchWarning",
    "FormulaError",
    "GradcheckError",
    "Graph",
    "KinkWarning",
    "Moment",
    "Node",
    "Operation",
    "PoolRoutes",
    "Program",
    "Scope",
    "StaleError",
    "Step",
    "Steps",
    "Value",
    "Window",
    "avg_pool1d",
    "avg_pool2d",
    "explain",
    "expression",
    "grad",
    "gradcheck",
    "hessian",
    "jacobian",
    "jvp",
    "max_pool1d",
    "max_pool2d",
    "no_grad",
    "operation",
    "routes",
    "scope",
    "steps",
    *_functions,
]

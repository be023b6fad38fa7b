"""Calls that a type checker must accept, and calls that it must refuse: those are marked ``refused``.

Read by mypy in ``test_signatures.py``; never run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import autodiff
from autodiff import Graph, Program, Value, clamp, exp, leaky_relu, max_pool1d, max_pool2d, maximum, softmax, where

if TYPE_CHECKING:
    from typing import Any, assert_type

    from numpy import ndarray

    Array = ndarray[Any, Any]


def calls(x: Value, y: Value) -> None:
    # operators
    assert_type(x + y, Value)
    assert_type(x + 1, Value)
    assert_type(1 - x, Value)
    assert_type(2.0 / x, Value)
    assert_type(x**2, Value)
    assert_type(2**x, Value)
    assert_type(-x, Value)
    assert_type(abs(x), Value)
    x + "1"  # refused
    None * x  # refused
    x @ y  # refused

    # methods
    assert_type(x.exp(), Value)
    assert_type(x.leaky_relu(), Value)
    assert_type(x.leaky_relu(0.2), Value)
    assert_type(x.leaky_relu(slope=y), Value)
    assert_type(x.clamp(0, y), Value)
    assert_type(x.hypot(y).tanh().data, float)
    x.exp(1, 2, 3)  # refused
    assert_type(x.clamp(0), Value)
    x.clamp("0")  # refused
    x.leaky_relu(slop=0.2)  # refused
    x.hypot("y")  # refused
    x.softsign()  # refused

    # functions
    assert_type(exp(x), Value)
    assert_type(exp(1), Value)
    assert_type(leaky_relu(1.0, slope=0.2), Value)
    assert_type(autodiff.atan2(x, 1.0), Value)
    assert_type(where(x, y, 0), Value)
    assert_type(maximum(x, y, 3), Value)
    assert_type(softmax(x, y)[0], Value)
    leaky_relu(1.0, slop=3)  # refused
    exp()  # refused
    exp("1")  # refused
    assert_type(clamp(x, 0), Value)
    autodiff.softsign(x)  # refused

    # what is loaded when it is first asked for
    autodiff.nn.MLP(2, [3, 1])
    autodiff.optim.SGD([x], lr=0.1)
    autodiff.nn.Perceptron(2)  # refused
    Graph(x).no_such_thing()  # refused

    # lists and arrays
    assert_type(max_pool1d([x, y, 3], kernel_size=2, stride=1), list[Value] | Array)
    assert_type(max_pool2d([[x, y], [1, 2]], kernel_size=(1, 2)), list[list[Value]] | Array)
    max_pool1d([x, y], kernel_size=2)[0].exp().backward()
    max_pool2d([[x]], kernel_size=1)[0][0].exp().backward()
    max_pool2d(autodiff.avg_pool2d([[x, y]], 1), kernel_size=1)
    max_pool1d([x, y], kernelsize=2)  # refused
    max_pool1d([x, y], kernel_size="2")  # refused
    max_pool1d([[x, y]], kernel_size=2)  # refused
    max_pool1d(x, kernel_size=1)  # refused
    program = Program(x.exp(), [x])
    assert_type(program.value([[1.0]]), list[Any] | Array)
    assert_type(program.input_grad([[1.0]]), list[list[float]] | Array)
    print(float(program.value([[1.0]])[0]) + program.value_and_input_grad([i] for i in range(3))[1][0][0])
    program.value(1.0)  # refused
    program.value([[1.0]]).save()  # refused
    program.value([[1.0]], par=[1.0])  # refused

"""Habits of torch, NumPy, Keras, micrograd and Python are answered with what to write here, row by row."""

from __future__ import annotations

import copy
import fractions
import importlib
import inspect
import json
import math
import operator
import pickle
import re
import rlcompleter
import statistics
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autodiff
import viz
from autodiff import TABLE, Graph, Value, avg_pool2d, max_pool1d, max_pool2d, nn, optim
from autodiff.habits import rows as habits
from autodiff.habits.answers import answer, answered, said_of
from autodiff.habits.familiar import NotASequenceError
from autodiff.nn import MLP, AvgPool2d, Conv2d, Flatten, Linear, MaxPool2d, Neuron, ReLU, Tanh
from autodiff.optim import SGD, Adam

BARE = re.compile(
    r"has no attribute|unexpected keyword|unsupported operand|bad operand|not iterable$|cannot import name"
)


def rows(table: str) -> Iterator[tuple[str, str]]:
    """Each name of a table, and what is said of it."""
    return ((name, said) for names, said in getattr(habits, table).items() for name in names.split())


def names(*tables: str) -> list[str]:
    return [name for table in tables for name, _ in rows(table)]


def told(call: Callable[[], object], kind: type[Exception] = TypeError) -> str:
    """What a call is refused with."""
    with pytest.raises(kind) as caught:
        call()
    assert caught.type is kind
    assert not BARE.search(str(caught.value)), str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("table", habits.__all__)
def test_no_name_stands_twice_in_a_table(table: str) -> None:
    found = names(table)
    assert len(set(found)) == len(found), sorted({name for name in found if found.count(name) > 1})


# ---- what is asked of a Value


@pytest.mark.slow
@pytest.mark.parametrize("name", names("ATTRIBUTES"))
def test_a_foreign_attribute_is_answered_and_not_there(name: str) -> None:
    x = Value(2.0)
    for ask in (lambda: getattr(x, name), lambda: setattr(x, name, 0.0), lambda: getattr(Value, name)):
        assert told(ask, AttributeError).startswith(f"a Value has no {name!r}: ")
    assert not hasattr(x, name)
    assert not hasattr(Value, name)
    assert getattr(x, name, None) is None
    assert name not in dir(x)
    assert name not in dir(Value)


def test_an_attribute_of_ones_own_is_told_of_a_dict() -> None:
    p = Value(1.0, "p")
    assert told(lambda: setattr(p, "vel", 0.0), AttributeError).endswith("vel = {p: 0.0}, then vel[p]")


def test_a_slip_is_pythons_to_answer() -> None:
    with pytest.raises(AttributeError, match=r"'Value' object has no attribute 'gard'$"):
        _ = Value(1.0).gard
    with pytest.raises(AttributeError):
        Value(1.0).gard = 2.0
    with pytest.raises(AttributeError, match=r"module 'autodiff.nn' has no attribute 'Lineer'$"):
        _ = nn.Lineer


def test_what_a_value_has_is_offered_and_what_it_refuses_is_not() -> None:
    x = Value(2.0)
    assert {"data", "grad", "backward", "label", "tanh", "__add__", "_prev"} <= set(dir(x)) & set(dir(Value))
    refused = {*names("ATTRIBUTES", "CALLS"), "__mod__", "__rxor__", "__round__"}
    assert not refused & {*dir(x), *dir(Value)}
    completer = rlcompleter.Completer({"x": x})
    assert [completer.complete(f"x.{word}", 0) for word in ("item", "numpy", "requires_")] == [None] * 3
    assert completer.complete("x.bac", 0) == "x.backward("


def test_the_class_stays_what_it_was_to_python() -> None:
    x = Value(2.0, "x")
    assert "__getattr__" not in vars(Value)
    assert "__setattr__" not in vars(Value)
    assert not hasattr(x, "__dict__")
    assert not isinstance(x, Iterable | Collection | Callable)  # type: ignore[arg-type]
    assert (Value.__name__, Value.__qualname__, Value.__module__) == ("Value", "Value", "autodiff.recording.value")
    for twin in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert (twin.data, twin.name) == (2.0, "x")
    assert pickle.loads(pickle.dumps(Value)) is Value
    assert x in [x, 2.0]
    assert {x: 1}[x] == 1


# ---- operators, and what Python and NumPy call


@pytest.mark.parametrize("name", names("OPERATORS"))
def test_an_operator_that_is_not_recorded_says_what_is(name: str) -> None:
    x = Value(2.0)
    apply = {"divmod": divmod, "and": operator.and_, "or": operator.or_}.get(name) or getattr(operator, name)
    (said,) = {told(lambda a=a, b=b: apply(a, b)) for a, b in ((x, 2), (2, x), (x, x))}
    assert ".data" in said or "write" in said or "sum(" in said
    if name not in ("divmod", "matmul"):  # NumPy's own are other things
        assert told(lambda: apply(np.array([x]), 3)) == said


PYTHON: dict[str, tuple[Callable[[Value], object], str]] = {
    "round": (lambda x: round(x), "round(x.data"),
    "round to digits": (lambda x: round(x, 3), "round(x.data"),
    "trunc": (math.trunc, "round(x.data"),
    "floor": (math.floor, "x.data"),
    "exp": (math.exp, "autodiff.exp(x)"),
    "int": (int, "x.data"),
    "float": (float, "x.data"),
    "complex": (complex, "x.data"),
    "mean": (lambda x: statistics.mean([x, x]), "sum(values) / len(values)"),
    "fmean": (lambda x: statistics.fmean([x, x]), "x.data"),
    "median": (lambda x: statistics.median([x, 3 * x]), "a.data < b.data"),
    "stdev": (lambda x: statistics.stdev([x, 3 * x]), "v.data for v in values"),
    "fraction": (fractions.Fraction, ""),
    "sorted": (lambda x: sorted([x, 3 * x]), "a.data < b.data"),
    "max": (lambda x: max(x, 3 * x), "maximum(a, b)"),
    "equal": (lambda x: x == 2, "y.data == 2"),
    "in": (lambda x: x in [1.0, 2.0], "y.data == 1.0"),
    "format": (lambda x: "%.2f" % x, "x.data"),  # noqa: UP031
    "json": (json.dumps, "x.data"),
    "json of a nest": (lambda x: json.dumps({"loss": [x]}), "x.data"),
    "json with indents": (lambda x: json.dumps([x], indent=1), "x.data"),
    "np.sign": (np.sign, "np.sign would compare Values and record nothing; write autodiff.sign(v)"),
    "np.round": (lambda x: np.round(x, 2), "round(x.data"),
    "np.mod": (lambda x: np.mod(np.array([x, x]), 2), "x.data"),
}


@pytest.mark.parametrize("habit", PYTHON)
def test_a_habit_of_python_or_numpy_is_answered(habit: str) -> None:
    call, words = PYTHON[habit]
    assert words in told(lambda: call(Value(2.0, "x")))


@pytest.mark.parametrize("name", names("TRUTH"))
def test_a_question_of_numpy_is_answered(name: str) -> None:
    asked, many = getattr(np, name), np.array([Value(0.0), Value(2.0)])
    said = told(lambda: asked(*[many] * getattr(asked, "nin", 1)))
    assert said.startswith(f"np.{name} asks which Values are true")
    assert dict(rows("TRUTH"))[name].format(name) in said


def test_a_value_is_no_number_to_make_another_of() -> None:
    x = Value(2.0)
    for make in (lambda: Value(x), lambda: setattr(x, "data", x), lambda: setattr(x, "grad", x), lambda: x.backward(x)):  # type: ignore
        assert told(make).endswith("got Value: its number is x.data, and x.detach() a new leaf of it")


def test_truth_is_python_s_to_ask() -> None:
    x, many = Value(0.0), np.array([Value(0.0), Value(2.0)])
    assert bool(x)
    assert x or None
    for ask in (many.any, many.all, lambda: many.astype(bool), lambda: np.array([x], dtype=bool)):
        assert "v.data" in told(ask)


def test_functions_of_numpy_that_record_still_do() -> None:
    x, ones = Value(2.0, "x"), np.ones(2)
    for y in (np.exp(x), np.multiply(x, 3), np.add(1.0, x), np.float64(2) * x, (ones * x)[0], (x - ones)[1]):
        assert x in Graph(y).values
    assert all(x in Graph(y).values for y in np.add.outer(ones, x))
    out = np.array([Value(1.0)])
    np.add(out, x, out=out)
    assert x in Graph(out[0]).values


@pytest.mark.parametrize("name", names("SEQUENCE"))
def test_a_value_is_no_sequence(name: str) -> None:
    x = Value(2.0)
    assert not hasattr(x, name)
    assert name not in dir(x)
    ask: dict[str, Callable[[], object]] = {"__len__": lambda: len(x), "__contains__": lambda: 2.0 in x}  # type: ignore
    assert told(ask[name], NotASequenceError) == dict(rows("SEQUENCE"))[name]
    with pytest.raises(TypeError, match="not subscriptable"):
        x[0]  # type: ignore[index]


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "silu"])
def test_nothing_is_done_in_place(name: str) -> None:
    x, function = Value(-2.0), getattr(autodiff, name)
    assert function(x, inplace=False).data == getattr(x, name)(inplace=None).data == function(x).data
    for call in (function, lambda x, **words: getattr(x, name)(**words)):
        assert told(lambda: call(x, inplace=True)) == f"{name} has no inplace=: {dict(rows('LACKING'))['inplace']}"  # noqa: B023
    assert "inplace" not in inspect.signature(function).parameters


@pytest.mark.parametrize("word", ["dim", "axis", "keepdim", "keepdims", "out", "dtype", "initial", "where"])
@pytest.mark.parametrize("function", [autodiff.maximum, autodiff.minimum, autodiff.softmax, autodiff.logsumexp])
def test_values_have_no_axes(function: Callable[..., object], word: str) -> None:
    said = told(lambda: function(Value(1.0), Value(2.0), **{word: 0}))
    assert said.startswith(f"{function.__name__} has no {word}=: ")


@pytest.mark.parametrize("name", names("CALLS"))
def test_what_numpy_and_python_call_is_refused_in_its_own_words(name: str) -> None:
    x = Value(2.0)
    assert told(lambda: getattr(x, name)()) == dict(rows("CALLS"))[name].format(name)
    if callable(getattr(np, name, None)):
        given = [np.array([x])] * getattr(np, name).nin
        assert "write" in told(lambda: getattr(np, name)(*given)) or "round" in name or name == "rint"


@pytest.mark.parametrize(("name", "ours"), [row for row in rows("SAME") if row[1] in vars(Value)])
def test_numpys_name_of_a_row_is_recorded(name: str, ours: str) -> None:
    x = Value(0.5)
    for y in (getattr(np, name)(x), getattr(np, name)(np.array([x]))[0]):
        assert y.op is getattr(x, ours)().op if ours[0] != "_" else abs(x).op


def test_format_sum_and_in_place_addition_stay_as_they_were() -> None:
    x = Value(2.0)
    y = x
    y += 1
    assert (x.data, y.data, f"{y:.1f}", sum([x, x]).data) == (2.0, 3.0, "3.0", 4.0)


# ---- nodes made by hand

x, y = Value(2.0, "x"), Value(3.0, "y")

BY_HAND: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "a sign": ((6.0, (x, y), "*"), {}, "x * y"),
    "a sign and a label": ((5.0, (x, y), "+", "z"), {}, "x + y"),
    "a power": ((8.0, (x,), "**3"), {}, "x ** y"),
    "micrograd's name": ((2.0, (x,), "ReLU"), {}, "relu(x)"),
    "a function's name": ((math.tanh(2.0), (x,), "tanh"), {}, "tanh(x)"),
    "keywords": ((6.0,), {"_children": (x, y), "_op": "*"}, "x * y"),
    "other keywords": ((6.0,), {"children": [x, y], "op": "mul", "local_grads": (3.0, 2.0)}, "x * y"),
    "slopes": ((math.log(2.0), (x,), (0.5,)), {}, "log(x)"),
    "slopes of two": ((6.0, (x, y), (3.0, 2.0)), {}, "x * y"),
    "parents alone": ((math.exp(2.0), (x,)), {}, "exp(x)"),
    "nothing that is known": ((17.25, (x,), (4.0,)), {}, "the function that is meant"),
    "no parents": ((1.0, (), ""), {}, "Value(data, name)"),
}


@pytest.mark.parametrize("kind", BY_HAND)
def test_a_node_made_by_hand_is_told_the_function_and_operation(kind: str) -> None:
    given, keywords, words = BY_HAND[kind]
    said = told(lambda: Value(*given, **keywords))
    assert words in said
    assert "operation(" in said


@pytest.mark.parametrize("op", [op for op in TABLE.values() if op.has_path(0)], ids=lambda op: op.name)
def test_a_node_made_by_hand_is_known_by_its_number_and_slopes(op: Any) -> None:
    low, high = op.domain
    numbers = [low + (high - low) * (0.37 + 0.21 * i) for i in range(len(op.inputs) - len(op.defaults))]
    every = [*numbers, *op.defaults.values()]
    out = op.evaluate(*every)
    slopes = tuple(slope or 0.0 for slope in op.local_derivatives(*every, out)[: len(numbers)])
    said = told(lambda: Value(out, tuple(map(Value, numbers)), slopes))
    assert op.name in said or op.formula in said or "clamp" in op.name or " or " in said


def test_more_than_a_name_is_refused() -> None:
    assert "Value(data, name) is a leaf" in told(lambda: Value(1.0, "a", "b"))
    assert "every Value records" in told(lambda: Value(1.0, requires_grad=True))
    assert "there are data=, name=, label=" in told(lambda: Value(1.0, nmae="x"))


# ---- the package, its layers and optimisers

PACKAGES = {"PACKAGE": "autodiff", "LAYERS": "autodiff.nn", "OPTIMISERS": "autodiff.optim", "VIZ": "viz"}


@pytest.mark.slow
@pytest.mark.parametrize(("table", "name"), [(table, name) for table in PACKAGES for name in names(table)])
def test_a_foreign_function_or_class_is_answered(table: str, name: str) -> None:
    module = PACKAGES[table]
    package = importlib.import_module(module)
    said = told(lambda: getattr(package, name), AttributeError)
    assert said == f"{module} has no {name}: {dict(rows(table))[name].format(name)}"
    assert not hasattr(package, name)
    assert name not in dir(package)
    assert told(lambda: exec(f"from {module} import {name}"), ImportError) == said
    for words in (f"import {module}.{name}", f"from {module}.{name} import something"):
        assert told(lambda: exec(words), ModuleNotFoundError) == said  # noqa: B023


def test_a_slip_in_an_import_is_python_s_to_answer() -> None:
    for name in ("autodiff.gard", "autodiff.nn.gard", "viz.gard", "functional"):
        with pytest.raises(ModuleNotFoundError, match=f"^No module named '{name}'$"):
            importlib.import_module(name)


@pytest.mark.parametrize("name", ["learning_rate", "eta", "rate_", "param_groups", "beta1", "decay", "epsilon", "mu"])
def test_what_is_set_by_a_foreign_name_is_not_taken_in_silence(name: str) -> None:
    for optimizer in (SGD([Value(1.0)], 0.1), Adam([Value(1.0)], 0.1)):
        known = ("lr", "params", *optimizer.options)
        said = dict(rows("OPTIMISER")).get(name) or answer(name, known)
        if said:
            call = partial(setattr, optimizer, name, 0.01)
            assert told(call, AttributeError) == f"{type(optimizer).__name__} has no {name}: {said}"
        optimizer.lr = 0.01
        assert optimizer.rate == 0.01


def test_an_optimiser_of_ones_own_names_its_attributes() -> None:
    class Own(SGD):
        def __init__(self) -> None:
            super().__init__([], 0.1)
            self.t = self.beta1 = 0

    assert Own().t == 0


class Net(nn.Module):
    """Of a name that is asked for it may have one of its own."""

    def __init__(self) -> None:
        self.children = [Linear(1, 1)]

    def predict(self) -> int:
        return 1


@pytest.mark.parametrize(
    ("table", "name"), [(table, name) for table in ("MODULES", "OPTIMISER") for name in names(table)]
)
def test_what_is_asked_of_a_module_or_an_optimiser_is_answered(table: str, name: str) -> None:
    said = dict(rows(table))[name]
    things = [Linear(1, 1), MLP(1, [1])] if table == "MODULES" else [SGD([Value(1.0)], 0.1), Adam([])]
    for thing in things:
        assert told(lambda: getattr(thing, name), AttributeError) == f"{type(thing).__name__} has no {name}: {said}"  # noqa: B023
        assert not hasattr(thing, name)
        assert name not in dir(thing)


def test_a_module_may_have_such_names_of_its_own() -> None:
    net = pickle.loads(pickle.dumps(copy.deepcopy(Net())))
    assert len(net.children) == net.predict() == 1
    assert len(net.parameters()) == 2
    for thing in (net, SGD([], 0.1)):
        with pytest.raises(AttributeError, match=r"^'(Net|SGD)' object has no attribute 'gard'$"):
            _ = thing.gard


def owners() -> dict[str, Any]:
    return {
        "lr weight_decay momentum params": SGD,
        "betas eps": Adam,
        "in_features out_features bias rng": Linear,
        "in_channels out_channels kernel_size stride padding": Conv2d,
        "dilation": MaxPool2d,
        "nin nonlin": Neuron,
        "nouts": MLP,
    }


@pytest.mark.parametrize(("name", "ours"), [*rows("KEYWORDS")])
def test_a_foreign_keyword_is_answered_with_ours(name: str, ours: str) -> None:
    first = ours.split()[0].partition("=")[0]
    assert (answer(name, [first]) or "").startswith(f"here it is {first}=")
    for words, owner in owners().items():
        if first in words.split():
            assert f"{owner.__name__} has no {name}=: here it is {first}=" in told(lambda: owner(**{name: 1}))  # noqa: B023


@pytest.mark.parametrize("name", names("LACKING"))
def test_a_keyword_that_nothing_has_is_answered(name: str) -> None:
    if name == "grad_outputs":  # which backward() has by another name
        assert "upstream=" in told(lambda: Value(1.0).backward(grad_outputs=1.0))
        return
    assert told(lambda: Value(1.0).backward(**{name: True})) == f"backward has no {name}=: {said_of('LACKING')[name]}"


SCORES: Any = [Value(1.0), Value(2.0)]
WITH: dict[str, Callable[..., object]] = {  # what takes the options that it lacks
    "Conv2d": partial(Conv2d, 2, 2, 3),
    "MaxPool2d": partial(MaxPool2d, 2),
    "AvgPool2d": partial(AvgPool2d, 2),
    "mse": partial(nn.mse, SCORES, SCORES),
    "hinge": partial(nn.hinge, SCORES, [1, 1]),
    "cross_entropy": partial(nn.cross_entropy, SCORES, 1),
    "SGD": partial(SGD, [SCORES[0]], 0.1),
    "Adam": partial(Adam, [SCORES[0]]),
    "AdamW": partial(optim.AdamW, [SCORES[0]]),
}


@pytest.mark.parametrize(
    ("owner", "name", "usual", "said"),
    [(owner, name, *row) for owner, options in habits.OPTIONS.items() for name, row in options.items()],
)
def test_an_option_that_we_lack_is_answered_where_it_says_something(
    owner: str, name: str, usual: object, said: str
) -> None:
    assert str(WITH[owner](**{name: usual})) == str(WITH[owner]())
    for other in (object(), "other", 3, [0.5, 2.0]):
        assert told(lambda: WITH[owner](**{name: other})) == f"{owner} has no {name}=: {said}"  # noqa: B023


def test_a_loss_answers_words_of_others() -> None:
    assert "here it is scores=" in told(lambda: nn.cross_entropy(input=SCORES, target=1))  # type: ignore[call-arg]
    assert "here it is targets=" in told(lambda: nn.mse(SCORES, y_true=[1.0, 2.0]))  # type: ignore[call-overload]


FORMS: dict[str, tuple[Callable[[], object], str]] = {
    "a layer applied in making it": (lambda: ReLU(Value(1.0)), "write ReLU(...)(x)"),
    "a list in making it": (lambda: Tanh([1.0]), "write Tanh(...)(x)"),
    "in place": (lambda: ReLU(inplace=True), "leave inplace out"),
    "flatten applied": (lambda: Flatten([[1.0]]), "write Flatten()"),
    "flatten from": (lambda: Flatten(start_dim=1), "leave it out"),
    "keras' dense": (lambda: nn.Dense(16), "nn.Linear(in_features, out_features)"),
    "one size": (lambda: Linear(16), "Linear(in_features, out_features"),
    "an activation": (lambda: Linear(2, 3, activation="relu"), "ReLU()"),
    "a device": (lambda: Linear(2, 3, device="cpu"), "leave it out"),
    "keras' convolution": (lambda: Conv2d(filters=3, kernel_size=2), "out_channels="),
    "keras' pool": (lambda: MaxPool2d(pool_size=2), "kernel_size="),
    "keras' strides": (lambda: AvgPool2d(2, strides=2), "stride="),
    "indices": (lambda: MaxPool2d(2, return_indices=True), "routes"),
    "keep the graph": (lambda: Value(1.0).backward(retain_graph=True), "retain_graph"),
    "a gradient": (lambda: Value(1.0).backward(gradient=2.0), "upstream="),
    "forget": (lambda: Linear(1, 1).zero_grad(set_to_none=True), "zero_grad()"),
    "forget of an optimiser": (lambda: SGD([Value(1.0)], lr=1).zero_grad(set_to_none=True), "zero_grad()"),
    "a closure": (lambda: SGD([Value(1.0)], lr=1).step(closure=None), "then step()"),
    "a betas": (lambda: Adam([Value(1.0)], lr=1, beta1=0.9), "betas=(beta1, beta2)"),
    "a loss of torch": (lambda: nn.CrossEntropyLoss(), "cross_entropy"),
    "functional": (lambda: nn.functional.relu(Value(1.0)), "autodiff.relu(x)"),
    "a schedule": (lambda: optim.lr_scheduler.StepLR, "lr= takes a function"),
    "an activation of a network": (lambda: MLP(2, [3, 1], activation="tanh"), "nonlin="),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_another_library_is_answered(form: str) -> None:
    call, words = FORMS[form]
    with pytest.raises((TypeError, AttributeError)) as caught:
        call()
    assert words in str(caught.value)
    assert not BARE.search(str(caught.value))


def test_a_wrong_type_inside_a_layer_is_not_taken_for_a_wrong_call() -> None:
    with pytest.raises(ValueError, match="in_features must be"):
        Linear("2", 3)  # type: ignore[arg-type]
    assert answered(lambda: 3)() == 3


# ---- neurons of other functions


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu", "exp", "leaky_relu", "Tanh", "ReLU"])
def test_a_neuron_of_a_named_function(name: str) -> None:
    neuron = Neuron(2, name)
    out = neuron([1.0, 1.0])
    assert out.op is TABLE[name.lower()]
    assert repr(neuron) == f"{'ReLU' if name.lower() == 'relu' else name.lower().capitalize()}Neuron(2)"


def test_a_neuron_of_any_function_or_of_none() -> None:
    for nonlin in (autodiff.tanh, Tanh(), lambda v: v.tanh()):
        assert Neuron(2, nonlin)([1.0, 1.0]).op is TABLE["tanh"]
    for nonlin in (False, "linear", "identity", np.bool_(False)):
        assert Neuron(2, nonlin)([1.0, 1.0]).op is TABLE["add"]
        assert repr(Neuron(2, nonlin)) == "LinearNeuron(2)"
    assert [repr(layer.neurons[0]) for layer in MLP(2, [3, 1], "tanh").layers] == ["TanhNeuron(2)", "LinearNeuron(3)"]


@pytest.mark.parametrize("nonlin", [None, 0, 1, 2.0, "relu6", "maximum", "", Tanh, [], Value(1.0)])
def test_what_is_no_function_is_refused_by_a_neuron(nonlin: Any) -> None:
    assert "nonlin is True (relu), False (none)" in told(lambda: Neuron(2, nonlin))
    assert "nonlin is True (relu), False (none)" in told(lambda: MLP(2, [2, 1], nonlin))


def test_a_function_that_answers_no_value_is_refused_by_a_neuron() -> None:
    assert "answered int" in told(lambda: Neuron(2, lambda v: 3)([1.0, 1.0]))


# ---- a message speaks of the function that was called


def cells(rows: int, columns: int) -> list[list[Value]]:
    return [[Value(float(3 * r + c)) for c in range(columns)] for r in range(rows)]


NO_VALUES: dict[str, tuple[Callable[[Any], object], str]] = {
    "draw": (lambda f: viz.draw(f), "draw takes"),
    "step": (lambda f: viz.step(f), "step takes"),
    "animate": (lambda f: viz.animate(f, "y.svg"), "an animation is of"),
    "steps": (lambda f: autodiff.steps(f), "steps are taken of"),
    "explain": (lambda f: autodiff.explain(f), "explain tells of"),
    "explain an output": (lambda f: autodiff.explain(Value(1.0), f), "explain(x, output)"),
    "gradcheck": (lambda f: autodiff.gradcheck(f, [1.0]), "gradcheck(f(x), [x])"),
    "grad": (lambda f: autodiff.grad(f, Value(1.0)), "a derivative is taken of a Value"),
    "jvp": (lambda f: autodiff.jvp(f, [Value(1.0)], [1.0]), "a derivative is taken of a Value"),
    "hessian": (lambda f: autodiff.hessian(f, [Value(1.0)]), "a derivative is taken of a Value"),
    "Graph": (lambda f: autodiff.Graph(f), "a Graph is made of Values"),
    "Program": (lambda f: autodiff.Program(f, [Value(1.0)]), "a Program is made of Values"),
    "fit": (lambda f: nn.fit(f, [Value(1.0)], [[1.0]]), "a loss is one Value"),
}

UNCALLED: dict[str, tuple[Any, str]] = {
    "model": (MLP(2, [1]), "got the model MLP: call it first, and give the Value that comes out, as model(x)"),
    "layers": (nn.Sequential(Linear(2, 1), ReLU()), "got the model Sequential: call it first"),
    "function": (lambda x: 2 * x, "got the function <lambda>: call it first, and give the Value that comes out"),
    "class": (MLP, "got the class MLP"),
    "number": (3.0, "got float"),
}


@pytest.mark.parametrize("uncalled", UNCALLED)
@pytest.mark.parametrize("asked", NO_VALUES)
def test_who_needs_a_value_says_so_in_its_own_words(asked: str, uncalled: str) -> None:
    call, words = NO_VALUES[asked]
    thing, got = UNCALLED[uncalled]
    said = told(lambda: call(thing))
    assert words in said
    assert got in said


CALLED: dict[str, tuple[Callable[[], object], str]] = {
    "draw to a file": (lambda: viz.draw(x * x, "g.svg"), "draw(y).save_svg('y.svg')"),  # type: ignore[misc]
    "draw to a named file": (lambda: viz.draw(x * x, filename="g"), "viz.draw(y).save_svg('y.svg')"),
    "step to a file": (lambda: viz.step(x * x, "g.html"), "step(y).save_html('y.html')"),  # type: ignore[misc]
    "draw a grid": (lambda: viz.draw(cells(2, 2)), "viz.pool(grid)"),  # type: ignore[arg-type]
    "animate nowhere": (lambda: viz.animate(), "animate(y, 'y.svg')"),  # type: ignore[call-arg]
    "animate a pool": (lambda: viz.animate(max_pool1d([x, y], 2), "y.svg"), "animate(sum(values), path)"),
    "step through a pool": (lambda: viz.step(max_pool1d([x, y], 2)), "step(sum(values))"),
    "a size of the picture": (lambda: viz.pool([3, 5, 1], 2), "write pool(cells, kernel_size=2)"),
    "sizes of the picture": (lambda: viz.pool(cells(2, 2), (2, 1)), "write pool(cells, kernel_size=(2, 1))"),
    "no size at all": (lambda: viz.pool([3, 5, 1], stride=1), "pool(cells, kernel_size=2, stride=1)"),
    "a picture of keras": (lambda: viz.pool([3, 5, 1], pool_size=2), "here it is kernel_size="),
    "channels of the picture": (lambda: viz.pool([cells(2, 2)] * 2, kernel_size=2), "draw one with channel=0"),
    "channels": (lambda: max_pool2d([cells(2, 2)] * 3, 2), "one channel at a time, or nn.MaxPool2d"),
    "channels of averages": (lambda: avg_pool2d(np.ones((3, 4, 4)), 2), "one channel at a time"),
    "a batch": (lambda: max_pool2d(np.ones((1, 3, 4, 4)), 2), "one channel at a time"),
    "rows": (lambda: max_pool1d(cells(2, 3), 2), "goes to max_pool2d"),
    "a row": (lambda: max_pool2d([x, y], 2), "goes to max_pool1d"),
    "a pool of keras": (
        lambda: max_pool1d([x, y], pool_size=2),
        "max_pool1d has no pool_size=: here it is kernel_size=",
    ),
    "indices": (lambda: max_pool2d(cells(2, 2), 2, return_indices=True), "autodiff.routes(output)"),
    "no kernel": (lambda: max_pool1d([x, y]), "max_pool1d(cells, kernel_size"),  # type: ignore[call-arg]
    "keep the graph": (lambda: autodiff.grad(x * x, x, retain_graph=True), "grad has no retain_graph="),
    "an axis": (lambda: autodiff.softmax(x, y, dim=0), "there are no axes"),
    "epochs": (lambda: nn.fit(x, [x], [[1.0]], n_epochs=3), "fit has no n_epochs=: here it is epochs="),
    "names for numbers": (lambda: autodiff.steps(x * x, {"x": 1}), "a Value is named by x.name = 'x'"),
    "numbers for names": (lambda: autodiff.explain(x, x * x, {0: 1}), "a Value is named by x.name = 'x'"),
    "text for names": (lambda: viz.draw(x * x, names="x"), "names= is True, False, or a dict"),
    "numbers in names": (lambda: viz.step(x * x, names={"w": 3.0}), "names= is True, False, or a dict"),
}


@pytest.mark.parametrize("case", CALLED)
def test_a_message_speaks_of_the_function_that_was_called(case: str) -> None:
    call, words = CALLED[case]
    assert words in told(call)


def test_one_number_is_the_gradient_of_the_one_output() -> None:
    assert "0.7" in viz.pool([3, 5, 1], kernel_size=3, upstream=0.7).svg()


def test_after_the_last_update_the_picture_comes_too_late() -> None:
    w = Value(0.5, "w")
    loss = (w - 2) ** 2
    loss.backward()
    w.data -= 0.1 * w.grad
    for show in (viz.draw, viz.step, autodiff.steps, Value.backward):
        with pytest.raises(autodiff.StaleError, match="draw, step and explain before the update"):
            show(loss)


# ---- names that are asked of a picture


def test_a_dict_of_names_is_used() -> None:
    w, b = Value(2.0), Value(0.5, "b")
    out = w * 3 + b
    source = viz.draw(out, names={"weight": w, "bias": b}).source
    assert "weight" in source
    assert "bias" in source
    assert list(viz.step(out, names={"weight": w, "bias": b}).values) == ["weight", "bias"]


def test_names_of_parameters_are_used_as_a_model_tells_them(tmp_path: Path) -> None:
    net = Linear(2, 1)
    (out,) = net([1.0, 2.0])
    named = {"weight": net.weight, "bias": net.bias}
    assert {"weight[0][0]", "weight[0][1]", "bias[0]"} == set(viz.step(out, names=named).values)
    assert "weight[0][1]" in viz.animate(out, tmp_path / "y.svg", names=named).read_text("utf-8")


def test_names_of_another_graph_are_refused() -> None:
    w = Value(2.0)
    with pytest.raises(ValueError, match="none of the 1 Values in names= is in this graph"):
        viz.draw(w * 3, names={"other": Value(1.0)})
    assert "mine" in viz.draw(w * 3, names={"mine": w, "other": Value(1.0)}).source


def test_the_callers_names_are_found_past_what_answers() -> None:
    weight = Value(2.0)
    assert "weight" in viz.draw(weight * 3).source
    assert list(viz.step(weight * 3).values) == ["weight"]

"""Layers and losses: torch's arithmetic and names, micrograd's lists of Values."""

from __future__ import annotations

import copy
import json
import math
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff import Graph, Program, Value, avg_pool2d, logsumexp, max_pool2d, relu, scope
from autodiff.nn import (
    MLP,
    AvgPool2d,
    Conv2d,
    Elementwise,
    Flatten,
    Linear,
    MaxPool2d,
    Module,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
    cross_entropy,
    hinge,
    mse,
    placeholder,
)


def data(nest: Any) -> Any:
    return [data(item) for item in nest] if isinstance(nest, list) else nest.data


def grads(nest: Any) -> Any:
    return [grads(item) for item in nest] if isinstance(nest, list) else nest.grad


def leaves(array: Any) -> Any:
    return [leaves(item) for item in array] if isinstance(array, (list, np.ndarray)) else Value(float(array))


# Linear


def test_linear_is_a_matrix_times_a_vector_plus_the_bias() -> None:
    layer = Linear(2, 3)
    layer.load_state_dict({"weight": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "bias": [0.5, 0.0, -0.5]})
    assert data(layer([Value(1.0), 10.0])) == [21.5, 43.0, 64.5]
    bare = Linear(2, 1, bias=False)
    bare.load_state_dict({"weight": [[2.0, 3.0]]})
    assert bare.bias is None
    assert data(bare(np.array([1.0, 2.0]))) == [8.0]


def test_one_input_may_come_without_a_list() -> None:
    layer = Linear(1, 2, bias=False)
    layer.load_state_dict({"weight": [[2.0], [3.0]]})
    assert data(layer(Value(2.0))) == [4.0, 6.0]


def test_numbers_are_drawn_as_in_torch_and_by_a_seed() -> None:
    layers = [Linear(16, 30, rng=3), Conv2d(4, 8, (2, 2), rng=3)]  # both have a fan-in of 16
    for layer in layers:
        numbers = [p.data for p in layer.parameters()]
        assert max(map(abs, numbers)) <= 0.25
        assert max(numbers) > 0.2
        assert min(numbers) < -0.2
        assert abs(sum(numbers) / len(numbers)) < 0.05
    assert Linear(2, 2, rng=3).state_dict() == Linear(2, 2, rng=random.Random(3)).state_dict()
    random.seed(3)
    assert Linear(2, 2).state_dict() == Linear(2, 2, rng=3).state_dict()


# Convolution

IMAGE = (np.arange(2 * 4 * 5) % 7 - 3.0).reshape(2, 4, 5) / 2
WEIGHT = (np.arange(3 * 2 * 3 * 2) % 5 - 2.0).reshape(3, 2, 3, 2) / 4
BIAS = np.array([0.5, -1.0, 0.25])

# torch.nn.functional.conv2d(IMAGE, WEIGHT, BIAS, stride=(2, 1), padding=(1, 0)), and the gradients of its entries
# weighted by 0, 1, 2, ...
TORCH_OUT = [
    [[-0.875, 0.125, -0.625, 1.25], [0.25, 0.75, 2.125, 1.75]],
    [[-1.625, -0.25, -0.625, -1.0], [0.0, -0.75, -2.375, -1.375]],
    [[1.0, -0.375, 0.875, -0.5], [-1.25, 0.5, -0.375, 1.375]],
]
TORCH_IMAGE_GRAD = [
    [
        [0.0, -3.75, -3.75, -3.75, -4.75],
        [10.0, 10.5, 10.5, 10.5, -1.5],
        [1.0, -3.75, -3.75, -3.75, -5.75],
        [4.0, 12.5, 13.0, 13.5, 8.0],
    ],
    [
        [-4.0, -2.25, -2.0, -1.75, 3.5],
        [0.0, -5.5, -6.25, -7.0, -5.75],
        [-5.0, -1.25, -1.0, -0.75, 5.5],
        [8.0, 0.0, -0.5, -1.0, -9.5],
    ],
]
TORCH_WEIGHT_GRAD = [
    [[[-4.5, -11.0], [17.0, 6.5], [-7.5, 3.0]], [[5.5, -4.5], [3.0, 17.0], [-14.5, -7.5]]],
    [[[-4.5, -23.0], [17.0, 10.5], [-15.5, -1.0]], [[17.5, -4.5], [-1.0, 17.0], [-26.5, -15.5]]],
    [[[-4.5, -35.0], [17.0, 14.5], [-23.5, -5.0]], [[29.5, -4.5], [-5.0, 17.0], [-38.5, -23.5]]],
]


def reference(image: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any = (1, 1)) -> Any:
    """A convolution written with NumPy: pad with zeros, cut out each window, multiply and add.

    ``padding`` is a number for the two sides of each axis, or a pair of numbers.
    """
    (down, across), (tall, wide) = stride, dilation
    sides = [(n, n) if isinstance(n, int) else n for n in padding]
    padded = np.pad(image, ((0, 0), *sides))
    height, width = (step * (n - 1) + 1 for step, n in zip(dilation, weight.shape[2:], strict=True))
    rows = range(0, padded.shape[1] - height + 1, down)
    columns = range(0, padded.shape[2] - width + 1, across)
    windows = [[padded[:, r : r + height : tall, c : c + width : wide] for c in columns] for r in rows]
    return [
        [[float((window * kernel).sum() + shift) for window in row] for row in windows]
        for kernel, shift in zip(weight, bias, strict=True)
    ]


def convolution(stride: Any, padding: Any, weight: Any = WEIGHT, bias: Any = BIAS, dilation: Any = 1) -> Conv2d:
    out, into, *kernel = weight.shape
    layer = Conv2d(into, out, kernel, stride, padding, dilation)
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer


def test_a_convolution_and_its_gradients_are_torchs() -> None:
    layer, image = convolution((2, 1), (1, 0)), leaves(IMAGE)
    out = layer(image)
    assert data(out) == TORCH_OUT
    cells = [cell for channel in out for row in channel for cell in row]
    sum((i * cell for i, cell in enumerate(cells)), Value(0.0)).backward()
    assert grads(image) == TORCH_IMAGE_GRAD
    assert grads(layer.weight) == TORCH_WEIGHT_GRAD


@pytest.mark.parametrize("stride", [1, 2, (3, 1)], ids=str)
@pytest.mark.parametrize("padding", [1, 2, (1, 4)], ids=str)
@pytest.mark.parametrize("dilation", [1, 2, (1, 3)], ids=str)
def test_a_convolution_slides_over_the_padded_image(stride: Any, padding: Any, dilation: Any) -> None:
    pairs = [(n, n) if isinstance(n, int) else n for n in (stride, padding, dilation)]
    expected = reference(IMAGE, WEIGHT, BIAS, *pairs)
    out = data(convolution(stride, padding, dilation=dilation)(IMAGE))
    assert np.shape(out) == np.shape(expected)
    assert np.abs(np.array(out) - np.array(expected)).max() < 1e-14


@pytest.mark.parametrize("kernel", [(1, 1), (2, 3), (3, 2), (4, 4), (5, 1)], ids=str)
@pytest.mark.parametrize("dilation", [(1, 1), (2, 1), (3, 2)], ids=str)
def test_same_padding_keeps_the_size_and_its_odd_one_comes_last(kernel: Any, dilation: Any) -> None:
    weight = (np.arange(np.prod(kernel) * 4) % 5 - 2.0).reshape(2, 2, *kernel) / 4
    spans = [step * (n - 1) for step, n in zip(dilation, kernel, strict=True)]
    sides = [(span // 2, span - span // 2) for span in spans]
    out = data(convolution(1, "same", weight, BIAS[:2], dilation)(IMAGE))
    assert np.shape(out) == (2, *IMAGE.shape[1:])
    assert out == reference(IMAGE, weight, BIAS[:2], (1, 1), sides, dilation)


def test_valid_padding_is_none() -> None:
    assert data(convolution(1, "valid")(IMAGE)) == data(convolution(1, 0)(IMAGE))


def test_padding_makes_no_nodes_and_a_window_in_it_is_the_bias() -> None:
    layer = Conv2d(1, 1, 1, padding=1)
    out = layer([[Value(2.0)]])[0]
    corner, middle = out[0][0], out[1][1]
    assert corner.parents == tuple(layer.bias or ())
    assert len(Graph(middle).nodes) == 5  # cell, weight, product, bias, sum
    assert data(Conv2d(1, 1, 1, padding=1, bias=False)([[1.0]]))[0][0] == [0.0, 0.0, 0.0]


def test_an_image_of_one_channel_may_be_its_rows_alone() -> None:
    layer, rows = Conv2d(1, 2, 2, rng=0), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert data(layer(rows)) == data(layer([rows])) == data(layer(np.array(rows)))


WRONG_IMAGES: list[tuple[Any, type[Exception], str]] = [
    ([[1.0, 2.0], [3.0, 4.0]], ValueError, r"takes an image of 2 channels of rows, got the shape \(2, 2\)"),
    ([[[1.0]] * 2] * 3, ValueError, r"2 channels of rows, got the shape \(3, 2, 1\)"),
    ([[[1.0, 2.0], [3.0]]] * 2, ValueError, "rows are of one length"),
    ([[[1.0]], [[1.0], [2.0]]], ValueError, "channels of one size"),
    ([[[1.0] * 3]] * 2, ValueError, "a kernel of 2 cells does not fit an image of 1"),
    ([], ValueError, "got the shape"),
    ([[], []], ValueError, "got the shape"),
    ([1.0, 2.0], TypeError, "takes an image, a list of channels of rows; got list of single Values"),
    (Value(1.0), TypeError, "got Value"),
    ("image", TypeError, "got str"),
]


@pytest.mark.parametrize(("image", "error", "message"), WRONG_IMAGES, ids=[repr(row[0])[:40] for row in WRONG_IMAGES])
def test_other_images_are_refused(image: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Conv2d(2, 1, 2)(image)


WRONG_LAYERS: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: Linear(0, 1), ValueError, "in_features must be at least 1, got 0"),
    (lambda: Linear(1, 1.5), ValueError, "out_features must be a whole number"),  # type: ignore[arg-type]
    (lambda: Linear(3, 1)([1.0]), ValueError, r"Linear\(3, 1\) has 3 inputs, got 1"),
    (lambda: Linear(2, 1)([[1.0, 2.0]]), TypeError, r"put Flatten\(\) before it"),
    (lambda: Conv2d(1, 0, 2), ValueError, "out_channels must be at least 1"),
    (lambda: Conv2d(1, 1, (1, 2, 3)), ValueError, "kernel_size must be one whole number or a pair"),
    (lambda: Conv2d(1, 1, 2, stride=0), ValueError, "stride must be at least 1"),
    (lambda: Conv2d(1, 1, 2, padding=-1), ValueError, "padding must be at least 0"),
    (lambda: Conv2d(1, 1, 2, dilation=0), ValueError, "dilation must be at least 1"),
    (
        lambda: Conv2d(1, 1, 2, padding="full"),
        ValueError,
        """padding is a number, a pair, "same" or "valid"; got 'full'""",
    ),
    (lambda: Conv2d(1, 1, 2, 2, "same"), ValueError, r'"same" is for a stride of 1, got stride=\(2, 2\)'),
    (
        lambda: Conv2d(1, 1, 2, dilation=3)([[1.0] * 3] * 3),
        ValueError,
        "2 cells spread over 4 does not fit an image of 3",
    ),
    (lambda: MaxPool2d(3)([[1.0, 2.0]]), ValueError, "a window spans 3 cells"),
    (lambda: MaxPool2d(2)([1.0, 2.0]), TypeError, "takes an image"),
    (lambda: Sequential(ReLU), TypeError, r"got the class ReLU; write ReLU\(...\)"),
    (lambda: Sequential(3), TypeError, "can be called, or a function, got int"),  # type: ignore[arg-type]
    (lambda: Sequential(lambda v: [v])([1.0]), TypeError, "applies its function to each Value, and got list back"),
    (lambda: ReLU()("text"), TypeError, "got str"),
    (lambda: MLP(2, [1]).load_state_dict(None), TypeError, "a state is a dict"),  # type: ignore[arg-type]
    (lambda: MLP(2, [1]).save("no such folder/m.json"), FileNotFoundError, "there is no folder .*no such folder"),
    (lambda: MLP(2, [1])(5), TypeError, r"takes a list of 2 numbers or Values, got int"),  # type: ignore[arg-type]
    (lambda: placeholder("label"), TypeError, r"placeholder\(name='label'\)"),  # type: ignore[arg-type]
    (lambda: MLP(2, 3), TypeError, r"a list of layer sizes, such as MLP\(2, \[16, 1\]\); got 3"),  # type: ignore[arg-type]
    (lambda: MLP("2", [3]), ValueError, "nin must be a whole number, got '2'"),  # type: ignore[arg-type]
    (lambda: MLP(2, [3, 0]), ValueError, "nout must be at least 1, got 0"),
]


@pytest.mark.parametrize(("use", "error", "message"), WRONG_LAYERS, ids=[row[2] for row in WRONG_LAYERS])
def test_wrong_layers_say_what_is_wrong(use: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        use()


# Pools, activations, Sequential


def test_pools_take_every_channel_and_torchs_keywords() -> None:
    keywords: dict[str, Any] = {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}
    for layer, function in ((MaxPool2d(**keywords), max_pool2d), (AvgPool2d(**keywords), avg_pool2d)):
        expected = [data(function(leaves(channel), **keywords)) for channel in IMAGE]
        assert data(layer(leaves(IMAGE))) == expected
        assert data(layer(IMAGE)) == expected
        assert data(layer(leaves(IMAGE[0]))) == expected[0]
    assert data(AvgPool2d(3, 1, 1, count_include_pad=False)([[[6.0]]])) == [[[6.0]]]
    assert data(MaxPool2d(2, dilation=2, stride=1)([[[1.0, 9.0, 2.0]] * 3])) == [[[2.0]]]


def test_flatten_goes_channel_by_channel_and_makes_no_nodes() -> None:
    image = leaves(IMAGE)
    out = Flatten()(image)
    assert data(out) == IMAGE.ravel().tolist()
    assert out[0] is image[0][0][0]


def test_activations_apply_to_every_value_of_any_shape() -> None:
    nest = [[Value(-1.0)], [Value(2.0), 0.0]]
    assert data(ReLU()(nest)) == [[0.0], [2.0, 0.0]]
    assert data(Tanh()(nest)) == [[math.tanh(-1)], [math.tanh(2), 0.0]]
    assert data(Sigmoid()(Value(0.0))) == 0.5
    assert data(Sequential(relu, lambda v: v * 3)([Value(2.0), Value(-1.0)])) == [6.0, 0.0]


def test_sequential_is_one_layer_after_the_other() -> None:
    first, last = Linear(2, 3, rng=0), Linear(3, 1, rng=1)
    model = Sequential(first, Tanh(), last)
    x = [0.5, -2.0]
    assert data(model(x)) == data(last([v.tanh() for v in first(x)]))
    assert model.parameters() == [*first.parameters(), *last.parameters()]
    assert [len(model), model[0], list(model)[-1]] == [3, first, last]
    assert repr(model) == "Sequential(Linear(2, 3), Tanh(), Linear(3, 1))"
    assert repr(Elementwise(relu)) == "Elementwise(relu)"
    assert repr(Conv2d(1, 2, 3, padding=1, bias=False)) == "Conv2d(1, 2, (3, 3), padding=(1, 1), bias=False)"


@pytest.mark.parametrize(
    "text",
    [
        "Conv2d(2, 3, (3, 1))",
        "Conv2d(2, 3, (3, 1), stride=(2, 1), padding=(1, 1), dilation=(1, 2), bias=False)",
        "Conv2d(1, 1, (3, 3), padding='same')",
        "MaxPool2d(3)",
        "MaxPool2d((3, 2), stride=2, padding=1, dilation=(1, 2), ceil_mode=True)",
        "AvgPool2d(2, stride=(1, 2), count_include_pad=False)",
        "AvgPool2d(3, padding=1, ceil_mode=True)",
        "Linear(2, 3, bias=False)",
    ],
)
def test_a_layer_shows_every_number_that_is_not_the_usual_one(text: str) -> None:
    assert repr(eval(text)) == text


def test_layers_stand_in_scopes_with_their_parameters() -> None:
    with scope("net"):
        model = Sequential(Conv2d(1, 2, 2), ReLU(), MaxPool2d(1, name="pool"), Flatten(), Linear(2, 1))
    out = model([[1.0, 2.0], [3.0, 4.0]])[0]
    paths = {found.path[1:] for found in Graph(out).scopes}
    assert paths == {
        ("conv 0", "filter 0"),
        ("conv 0", "filter 1"),
        ("relu 1",),
        ("pool", "window A"),
        ("linear 4", "neuron 0"),
    }
    weight = model[0].weight[1][0][0][1]
    assert weight.name == "w0[1,0,1]"
    assert weight.scope.path == ("net", "conv 0", "filter 1")
    assert model[4].bias[0].name == "b4"


def test_a_model_can_be_copied_and_pickled() -> None:
    model = Sequential(Conv2d(1, 2, 2, rng=0), relu, Flatten(), Linear(2, 1, rng=0))
    image = [[1.0, 2.0], [3.0, 4.0]]
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert data(twin(image)) == data(model(image))
        twin.parameters()[0].data = 9.0
        assert model.parameters()[0].data != 9.0


# Losses


def gradient(loss: Value, *params: Value) -> list[float]:
    loss.backward()
    return [param.grad for param in params]


def test_losses_are_torchs() -> None:
    p = leaves([1.0, 2.0, 4.0])
    loss = mse(p, [0.5, 3.0, 1.0])
    assert loss.data == 3.4166666666666665
    assert gradient(loss, *p) == pytest.approx([0.3333333333333333, -0.6666666666666666, 2.0], rel=1e-15)
    for label, expected, slopes in (
        (2, 1.7413112966571571, [0.7855970345892759, 0.03911257327068745, -0.8247096078599633]),
        ([0.2, 0.5, 0.3], 2.1913112966571573, [0.5855970345892758, -0.46088742672931254, -0.1247096078599633]),
    ):
        s = leaves([2.0, -1.0, 0.5])
        loss = cross_entropy(s, label)
        assert loss.data == pytest.approx(expected, rel=1e-15)
        assert gradient(loss, *s) == pytest.approx(slopes, rel=1e-14)


@pytest.mark.parametrize("loss", [mse, hinge])
def test_losses_are_reduced_as_it_is_said(loss: Any) -> None:
    predictions, targets = [[0.5, 3.0], [-0.25, 1.0]], [[1.0, 1.0], [-1.0, 1.0]]
    terms = loss(leaves(predictions), targets, reduction="none")
    assert np.shape(terms) == (2, 2)
    assert data(terms[1][0]) == loss(leaves([-0.25]), [-1.0]).data
    total = loss(leaves(predictions), targets, reduction="sum")
    assert total.data == sum(v for row in data(terms) for v in row)
    assert loss(leaves(predictions), targets).data == loss(predictions, targets, "mean").data == total.data / 4
    assert loss(Value(0.5), 1.0, "none").data == loss(Value(0.5), 1.0).data
    rows = ((v for v in leaves(row)) for row in predictions)
    assert data(loss(rows, targets, "none")) == data(terms)
    with pytest.raises(ValueError, match='reduction is "mean", "sum" or "none", got \'median\''):
        loss([0.5], [1.0], "median")


@pytest.mark.parametrize("label", [2, [0.2, 0.5, 0.3]], ids=str)
def test_of_one_sample_every_reduction_is_the_loss(label: Any) -> None:
    scores = [2.0, -1.0, 0.5]
    assert len({cross_entropy(scores, label, reduction).data for reduction in ("mean", "sum", "none")}) == 1
    with pytest.raises(ValueError, match="reduction is"):
        cross_entropy(scores, label, "batchmean")


def test_hinge_is_micrograds() -> None:
    scores = leaves([0.5, 3.0, -0.25])
    loss = hinge(scores, [1, 1, -1])
    assert loss.data == (0.5 + 0.0 + 0.75) / 3
    assert gradient(loss, *scores) == [-1 / 3, 0.0, 1 / 3]
    assert hinge(Value(0.5), -1).data == 1.5


def test_cross_entropy_takes_a_label_in_three_ways() -> None:
    for label in range(3):
        scores = leaves([2.0, -1.0, 0.5])
        one_hot = [float(i == label) for i in range(3)]
        ways = [label, np.int64(label), Value(float(label)), one_hot, leaves(one_hot)]
        answers = []
        for way in ways:
            fresh = leaves(data(scores))
            loss = cross_entropy(fresh, way)
            answers.append((loss.data, *gradient(loss, *fresh)))
        assert all(answer == pytest.approx(answers[0], rel=1e-15) for answer in answers)
        assert answers[0][0] == pytest.approx((logsumexp(*scores) - scores[label]).data)


@pytest.mark.parametrize("size", [1000.0, 1e308])
def test_cross_entropy_is_stable_at_any_magnitude(size: float) -> None:
    s = leaves([size, size])
    loss = cross_entropy(s, 0)
    assert loss.data == math.log(2)
    assert gradient(loss, *s) == [-0.5, 0.5]
    assert cross_entropy([Value(-size), Value(0.0)], 0).data == size


def test_a_program_takes_the_label_as_an_input() -> None:
    scores, label = leaves([2.0, -1.0, 0.5]), placeholder(name="label")
    program = Program(cross_entropy(scores, label), [label], scores, backend="python")
    expected = [cross_entropy(scores, i).data for i in range(3)]
    assert program.value([[0.0], [1.0], [2.0]]) == pytest.approx(expected, rel=1e-15)
    assert math.isnan(program.value([[3.0]])[0])


WRONG_LOSSES: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: mse([Value(1.0)], [1.0, 2.0]), ValueError, "as many targets as predictions, got 2 for 1"),
    (lambda: mse([], []), ValueError, "at least one of the predictions"),
    (lambda: mse("ab", [1.0]), TypeError, "got str"),
    (lambda: hinge([Value(1.0)], [0]), ValueError, "labels of the hinge loss are -1 or 1, got 0"),
    (lambda: cross_entropy([Value(1.0)] * 2, 2), ValueError, "labels for 2 scores are 0 to 1, got 2"),
    (lambda: cross_entropy([Value(1.0)] * 2, -1), ValueError, "0 to 1, got -1"),
    (lambda: cross_entropy([Value(1.0)] * 2, 0.5), TypeError, "got float 0.5"),
    (lambda: cross_entropy([Value(1.0)] * 2, [1.0]), ValueError, "as many probabilities as scores, got 1 for 2"),
]


@pytest.mark.parametrize(("use", "error", "message"), WRONG_LOSSES, ids=[row[2] for row in WRONG_LOSSES])
def test_wrong_targets_are_refused(use: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        use()


# Names, saving and loading


def lenet(seed: int = 0) -> Sequential:
    rng = random.Random(seed)
    return Sequential(Conv2d(1, 2, 3, rng=rng), ReLU(), MaxPool2d(2), Flatten(), Linear(2, 3, rng=rng))


def test_parameters_have_torchs_names_and_shapes() -> None:
    shapes = {name: np.shape(numbers) for name, numbers in lenet().state_dict().items()}
    assert shapes == {"0.weight": (2, 1, 3, 3), "0.bias": (2,), "4.weight": (3, 2), "4.bias": (3,)}
    assert list(MLP(2, [1, 1]).state_dict())[:2] == ["layers.0.neurons.0.w", "layers.0.neurons.0.b"]


class Custom(Module):
    def __init__(self) -> None:
        self.parts = {"a": Linear(1, 1, bias=False, rng=0), "b": [Linear(1, 1, bias=False, rng=1), relu]}
        self.table = np.array([[Value(1.0), Value(2.0)]], dtype=object)
        self.shared = self.parts["a"]
        self.myself = self
        self.cache = [Value(1.0) * 2]
        self.ragged = [Value(3.0), [Value(4.0)]]


def test_a_module_of_ones_own_needs_no_further_methods() -> None:
    model = Custom()
    names = ["parts.a.weight", "parts.b.0.weight", "table", "shared.weight", "ragged.0", "ragged.1"]
    assert list(model.state_dict()) == names
    assert len(model.parameters()) == len(set(model.parameters())) == 6
    (model.parameters()[0] * 2).backward()
    model.zero_grad()
    assert model.parameters()[0].grad_state == "not computed"


# What a class says it computes, by either name, and what the classes above it say of theirs.
ONE_NAME = [
    type("Forward", (Linear,), {"forward": lambda self, x: ["forward", *Linear.forward(self, x)]}),
    type("Call", (Linear,), {"__call__": lambda self, x: ["call", *Linear.__call__(self, x)]}),
]
ONE_NAME += [type("Below", (base,), {}) for base in ONE_NAME]
ONE_NAME += [
    type("Again", (base,), {name: lambda self, x, base=base: ["again", *base.forward(self, x)]})
    for base in ONE_NAME[:2]
    for name in ("forward", "__call__")
]


@pytest.mark.parametrize("kind", ONE_NAME)
def test_forward_and_call_are_one(kind: type[Linear]) -> None:
    net = kind(1, 1)
    net.load_state_dict({"weight": [[2.0]], "bias": [1.0]})
    out = [*net.forward([3.0])]
    assert [str(x) for x in out] == [str(x) for x in net([3.0])]
    assert out[-1].data == 7.0
    assert out[0] == {"A": "again", "B": out[0], "F": "forward", "C": "call"}[kind.__name__[0]]


def test_every_layer_has_forward() -> None:
    image = [[1.0, 2.0], [3.0, 4.0]]
    layers = [Conv2d(1, 1, 2), MaxPool2d(2), AvgPool2d(2), Flatten(), ReLU(), Tanh(), Sigmoid()]
    for layer in [*layers, Elementwise(relu), Sequential(Flatten(), Linear(4, 1))]:
        assert str(layer.forward(image)) == str(layer(image))
    assert (
        MLP(
            2,
            [2, 1],
        )
        .forward([1.0, 2.0])
        .op
        is not None
    )


def test_a_mixin_brings_forward_and_a_module_without_it_says_so() -> None:
    class Doubles:
        def forward(self, x: float, more: float = 0.0) -> float:
            return 2 * x + more

    class Net(Doubles, Module):
        pass

    assert Net()(3.0, more=1.0) == 7.0
    with pytest.raises(TypeError, match="Module has neither forward nor __call__"):
        Module()(1.0)


@pytest.mark.parametrize(
    ("layer", "names"),
    [
        (Linear(1, 1), ["w0", "b"]),
        (Linear(1, 2), ["w0,0", "w1,0", "b0", "b1"]),
        (Linear(2, 1), ["w0", "w1", "b"]),
        (Linear(2, 2), ["w0,0", "w0,1", "w1,0", "w1,1", "b0", "b1"]),
        (Conv2d(1, 1, 1), ["w0,0", "b"]),
        (Conv2d(1, 1, (1, 2)), ["w0,0", "w0,1", "b"]),
        (Conv2d(1, 2, 1), ["w0,0,0", "w1,0,0", "b0", "b1"]),
    ],
    ids=repr,
)
def test_an_index_of_one_value_is_left_out_but_for_the_place_that_a_weight_reads(layer: Any, names: list[str]) -> None:
    """Of a Linear that is its input, of a kernel its row and column."""
    assert [parameter.name for parameter in layer.parameters()] == names


def test_parameters_are_named_by_where_they_stand() -> None:
    net = Sequential(Conv2d(1, 1, (1, 2)), Linear(1, 2))
    names = ["0.weight[0][0][0][0]", "0.weight[0][0][0][1]", "0.bias[0]", "1.weight[0][0]", "1.weight[1][0]"]
    assert [name for name, _ in net.named_parameters()] == [*names, "1.bias[0]", "1.bias[1]"]
    assert [value for _, value in net.named_parameters()] == net.parameters()
    assert [*MLP(1, [1]).tensors()] == ["layers.0.neurons.0.w", "layers.0.neurons.0.b"]


def test_training_is_known_to_every_module_below() -> None:
    class Net(Module):
        def __init__(self) -> None:
            self.parts = {"one": Linear(1, 1), "more": [ReLU(), Sequential(Tanh())]}

    net = Net()
    assert [type(module).__name__ for module in net.modules()] == ["Net", "Linear", "ReLU", "Sequential", "Tanh"]
    for mode, use in ((False, net.eval), (True, net.train), (False, lambda: net.train(False))):
        assert use() is net
        assert {module.training for module in net.modules()} == {mode}
    assert len(net.parameters()) == 2


@pytest.mark.parametrize("ending", ["json", "npz", "safetensors"])
def test_what_was_saved_loads_to_the_same_bits(ending: str, tmp_path: Path) -> None:
    model, other = lenet(0), lenet(1)
    path = tmp_path / f"net.{ending}"
    other.save(path)  # is replaced
    model.save(path)
    assert other.state_dict() != model.state_dict()
    other.load(path)
    assert other.state_dict() == model.state_dict()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    before = path.read_bytes()
    model.save(str(path))
    assert path.read_bytes() == before


def test_a_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    model, path = lenet(), tmp_path / "net.json"
    model.save(path)
    before = path.read_bytes()
    model.parameters()[0].data = math.nan
    with pytest.raises(ValueError, match=r"JSON has no nan and no inf .* save such parameters as .npz"):
        model.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["net.json"]
    model.save(tmp_path / "net.npz")
    twin = lenet(1)
    twin.load(tmp_path / "net.npz")
    assert math.isnan(twin.parameters()[0].data)


def without(state: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: numbers for key, numbers in state.items() if key != name}


OTHER_STATES: list[tuple[Callable[[dict[str, Any]], Any], type[Exception], str]] = [
    (lambda s: without(s, "0.bias"), ValueError, "another model: it lacks '0.bias'$"),
    (lambda s: {**s, "5.w": 1.0}, ValueError, "another model: it also has '5.w'$"),
    (lambda s: {}, ValueError, "it lacks '0.weight', '0.bias', '4.weight', '4.bias'"),
    (lambda s: {**s, "4.bias": [1.0]}, ValueError, r"'4.bias' has the shape \(3,\) in this model, and \(1,\)"),
    (lambda s: {**s, "4.bias": 1.0}, ValueError, r"'4.bias' has the shape \(3,\) in this model, and \(\)"),
    (lambda s: {**s, "4.weight": [[1.0], [1.0, 2.0], []]}, ValueError, r"\(3, 2\) in this model, and is ragged"),
    (lambda s: {**s, "4.bias": [1.0, 2.0, None]}, TypeError, "NoneType"),
    (lambda s: {**s, "4.bias": "abc"}, TypeError, "got str"),
]


@pytest.mark.parametrize(("change", "error", "message"), OTHER_STATES, ids=[row[2] for row in OTHER_STATES])
def test_another_models_parameters_change_nothing(
    change: Callable[[dict[str, Any]], Any], error: type[Exception], message: str
) -> None:
    model = lenet()
    before = model.state_dict()
    with pytest.raises(error, match=message):
        model.load_state_dict(change(lenet(1).state_dict()))
    assert model.state_dict() == before


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "other"}', '{"format": "gradroute parameters", "parameters": 3}', "\x00"]
)
@pytest.mark.parametrize("ending", ["json", "npz"])
def test_other_files_are_refused_by_name(text: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"net.{ending}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(
        ValueError, match=rf"net.{ending} is not a file of saved parameters of this model, or is damaged"
    ):
        lenet().load(path)


def test_json_files_are_for_everybody_to_read(tmp_path: Path) -> None:
    layer = Linear(1, 1)
    layer.load_state_dict({"weight": [[0.1]], "bias": [2.0]})
    layer.save(tmp_path / "line.json")
    content = json.loads((tmp_path / "line.json").read_text(encoding="utf-8"))
    assert content == {"format": "gradroute parameters", "parameters": {"weight": [[0.1]], "bias": [2.0]}}


ELSEWHERE: dict[str, tuple[str, str]] = {  # of each ending what writes it, and what reads it
    **dict.fromkeys(
        ("pt", "pth", "ckpt", "PT"),
        (
            r"torch.save\(nn.to_torch\(net.state_dict\(\)\), '.*'\)",
            r"torch.load\('.*', weights_only=True\)\); nn.from_",
        ),
    ),
    **dict.fromkeys(("h5", "keras"), ("with h5py, write each tensor", "with h5py, net.load_state_dict")),
    "pkl": ("pickle.dump", "a pickle may run anything"),
    "csv": ("$", "$"),
}


@pytest.mark.parametrize("ending", ELSEWHERE)
def test_files_of_others_are_answered_with_what_writes_and_reads_them(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"net.{ending}"
    for use, answer in zip((Linear(1, 1).save, Linear(1, 1).load), ELSEWHERE[ending], strict=True):
        with pytest.raises(
            ValueError, match=rf"saved as .json, .npz or .safetensors; got the file name '.*net.*'.*{answer}"
        ):
            use(path)
    assert not path.exists()


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Linear(1, 1).load(tmp_path / "net.json")


def test_a_parameter_that_is_no_attribute_cannot_be_saved() -> None:
    hidden = Value(1.0, "hidden")

    class Secret(Module):
        def parameters(self) -> list[Value]:
            return [hidden]

    with pytest.raises(ValueError, match=r"the parameter 'hidden' of .* has no name"):
        Secret().state_dict()

"""Networks of torch's as ours and back: random ones of a family, forward and gradients, and what is refused."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from autodiff import Value, gelu, relu
from autodiff.nn import (
    MLP,
    AvgPool2d,
    Conv2d,
    Elementwise,
    Flatten,
    Identity,
    Layer,
    Linear,
    MaxPool2d,
    Module,
    Neuron,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
    from_torch,
    to_torch,
)
from autodiff.nn.nests import flat
from autodiff.optim import SGD, Adam, AdamW, Optimizer

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:torch"),
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning"),
]


# A family of networks: images through convolutions, pools and activations, nested or not, to a few scores.


def activation(rng: random.Random) -> Any:
    nn = torch.nn
    kinds = [nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU, nn.Identity, lambda: nn.LeakyReLU(rng.uniform(0, 1))]
    return rng.choice([*kinds, lambda: nn.Dropout(0.5).eval(), lambda: nn.Dropout(0.0)])()


def size(rng: random.Random, most: int, least: int = 1) -> Any:
    return rng.choice([rng.randint(least, most), (rng.randint(least, most), rng.randint(least, most))])


def convolution(rng: random.Random, channels: int) -> Any:
    keywords: dict[str, Any] = {"kernel_size": size(rng, 3), "dilation": size(rng, 2), "bias": rng.random() < 0.7}
    keywords["padding"] = rng.choice(["same", "valid", size(rng, 3, 0), 1])
    if keywords["padding"] != "same":
        keywords["stride"] = size(rng, 2)
    return torch.nn.Conv2d(channels, rng.randint(1, 3), **keywords)


def pool(rng: random.Random) -> Any:
    keywords: dict[str, Any] = {"kernel_size": rng.choice([2, 3, (3, 2)]), "ceil_mode": rng.random() < 0.5}
    keywords |= {"stride": rng.choice([None, 1, 2, (1, 2)]), "padding": rng.choice([0, 1, (0, 1)])}
    if rng.random() < 0.5:
        return torch.nn.AvgPool2d(**keywords, count_include_pad=rng.random() < 0.5)
    return torch.nn.MaxPool2d(**keywords, dilation=rng.choice([1, 1, 2, (1, 2)]))


def network(seed: int) -> tuple[Any, list[int]]:
    """A network of torch's in float64, and the shape of its input; its layers fit the image."""
    rng = random.Random(seed)
    torch.manual_seed(seed)
    shape = [rng.randint(1, 2), rng.randint(4, 7), rng.randint(4, 7)]
    layers: list[Any] = []
    sample = torch.zeros(1, *shape)
    for _ in range(rng.randint(0, 4)):
        layer = rng.choice([activation, pool, partial(convolution, channels=sample.shape[1])])(rng)
        try:
            after = layer(sample)
        except RuntimeError:  # it does not fit what is left of the image
            continue
        if not after.isfinite().all():  # a window that covers no cell, which we refuse
            continue
        sample = after
        layers.append(layer)
    layers.append(torch.nn.Flatten(*rng.choice([(), (1, 3), (-3, -1)])))
    wide = sample.numel()
    for _ in range(rng.randint(1, 2)):
        layers += [torch.nn.Linear(wide, wide := rng.randint(1, 4), bias=rng.random() < 0.7), activation(rng)]
    while len(layers) > 2 and rng.random() < 0.6:  # nest a few of them
        start = rng.randrange(len(layers) - 1)
        inner = layers[start : start + 2]
        named = OrderedDict((f"part_{i}", layer) for i, layer in enumerate(inner))
        layers[start : start + 2] = [torch.nn.Sequential(named) if rng.random() < 0.5 else torch.nn.Sequential(*inner)]
    return torch.nn.Sequential(*layers).double(), shape


def leaves(nest: Any) -> Any:
    return [leaves(part) for part in nest] if isinstance(nest, list) else Value(nest)


def grads(nest: Any) -> Any:
    return [grads(part) for part in nest] if isinstance(nest, list) else nest.grad


def close(ours: Any, theirs: Any) -> bool:
    right = np.array(theirs.tolist())
    return np.shape(ours) == right.shape and bool((np.abs(np.array(ours) - right) <= 1e-14 * (1 + abs(right))).all())


def compared(ours: Any, theirs: Any, shape: list[int], seed: int) -> None:
    """Both on one sample: the scores, and the gradients of a sum of them in the sample and the parameters."""
    numbers = np.random.default_rng(seed).normal(size=shape)
    sample, batch = leaves(numbers.tolist()), torch.tensor(numbers[None], requires_grad=True)
    scores, right = ours(sample), theirs(batch)[0]
    scores = scores if isinstance(scores, list) else [scores]
    assert close([score.data for score in scores], right)
    sum(((i + 1) * score for i, score in enumerate(scores)), Value(0.0)).backward()
    (right * torch.arange(1, len(right) + 1)).sum().backward()
    assert close(grads(sample), batch.grad[0])
    gradients = [cell for tensor in theirs.parameters() for cell in tensor.grad.ravel().tolist()]
    assert close([parameter.grad for parameter in ours.parameters()], np.array(gradients))


@pytest.mark.parametrize("block", range(4))
def test_a_network_of_torchs_is_ours(block: int) -> None:
    for seed in range(block * 15, block * 15 + 15):
        theirs, shape = network(seed)
        compared(from_torch(theirs), theirs, shape, seed)


@pytest.mark.parametrize("block", range(4))
def test_there_and_back_is_the_network_as_it_was(block: int) -> None:
    for seed in range(block * 15, block * 15 + 15):
        theirs, shape = network(1000 + seed)
        ours = from_torch(theirs)
        back = to_torch(ours)
        compared(ours, back, shape, seed)
        assert [*map(type, flat_layers(back))] == [
            torch.nn.Identity if isinstance(layer, torch.nn.Dropout) else type(layer) for layer in flat_layers(theirs)
        ]
        for mine, other in zip(back.state_dict().values(), theirs.state_dict().values(), strict=True):
            assert torch.equal(mine, other)


def flat_layers(module: Any) -> list[Any]:
    return [layer for layer in module.modules() if not isinstance(layer, torch.nn.Sequential)]


def test_single_precision_is_taken_exactly() -> None:
    theirs = torch.nn.Linear(3, 2)
    assert from_torch(theirs).state_dict()["weight"] == theirs.weight.tolist()
    compared(from_torch(theirs), theirs.double(), [3], 0)


def test_the_global_seeds_are_left_alone() -> None:
    random.seed(0)
    torch.manual_seed(0)
    expected = random.random(), torch.rand(1).item()
    random.seed(0)
    torch.manual_seed(0)
    module = torch.nn.utils.skip_init(torch.nn.Linear, 2, 2)
    to_torch(from_torch(module))
    assert (random.random(), torch.rand(1).item()) == expected


OURS: list[Callable[[], Any]] = [
    lambda: Sequential(Conv2d(1, 2, 3, padding="same", dilation=2), ReLU(), MaxPool2d(2), Flatten(), Linear(8, 2)),
    lambda: Sequential(AvgPool2d(2, 1), Flatten(), Identity(), Linear(9, 3, bias=False), Tanh(), Sigmoid()),
    lambda: Sequential(Flatten(), MLP(16, [3, 2])),
    lambda: Sequential(Flatten(), Layer(16, 2, nonlin=False)),
    lambda: Sequential(Flatten(), Neuron(16)),
    lambda: Sequential(Flatten(), MLP(16, [3, 2], nonlin="tanh"), Layer(2, 2, "linear"), Neuron(2, gelu)),
    lambda: Sequential(Flatten(), Sequential(relu, Linear(16, 1)), Elementwise(gelu)),
]


@pytest.mark.parametrize("number", range(len(OURS)))
def test_a_network_of_ours_is_torchs(number: int) -> None:
    random.seed(number)
    ours = OURS[number]()
    theirs = to_torch(ours)
    assert {tensor.dtype for tensor in theirs.parameters()} == {torch.float64}
    assert all(tensor.requires_grad and tensor.device.type == "cpu" for tensor in theirs.parameters())
    numbers = np.random.default_rng(number).normal(size=(1, 4, 4))
    scores = ours(numbers.tolist())
    scores = scores if isinstance(scores, list) else [scores]
    assert close([score.data for score in scores], theirs(torch.tensor(numbers[None]))[0])


def test_what_was_trained_here_is_loaded_there() -> None:
    ours = Sequential(Linear(3, 2), ReLU(), Linear(2, 1))
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1)).double()
    theirs.load_state_dict(to_torch(ours.state_dict()))
    compared(ours, theirs, [3], 0)


@pytest.mark.parametrize(("kind", "keywords"), [(SGD, {"lr": 0.1, "momentum": 0.9}), (Adam, {}), (AdamW, {"lr": 0.1})])
def test_an_optimiser_of_torchs_goes_on_where_ours_stopped(kind: type[Optimizer], keywords: dict[str, Any]) -> None:
    ours = Sequential(Linear(2, 3, rng=0), Tanh(), Linear(3, 1, rng=1))
    here = kind(ours, **keywords)

    def steps() -> None:
        for _ in range(3):
            here.zero_grad()
            (ours([0.5, -1.0])[0] ** 2).backward()
            here.step()

    steps()
    theirs = to_torch(ours)
    there = getattr(torch.optim, kind.__name__)(theirs.parameters(), lr=1.0)
    there.load_state_dict(to_torch(here.state_dict()))
    steps()
    for _ in range(3):
        there.zero_grad()
        (theirs(torch.tensor([0.5, -1.0], dtype=torch.float64))[0] ** 2).backward()
        there.step()
    for name, tensor in theirs.state_dict().items():
        assert close(ours.state_dict()[name], tensor)


def test_a_state_that_torch_cannot_have_is_refused() -> None:
    layer = Linear(2, 1, rng=0)
    optimizer = Adam(layer)
    layer.weight[0][0].grad = 1.0
    optimizer.step()
    with pytest.raises(ValueError, match="parts of a tensor took more steps than others"):
        to_torch(optimizer.state_dict())


# What is used twice stays one.


def test_a_shared_layer_and_a_shared_parameter_stay_shared() -> None:
    nn = torch.nn
    layer, first, second = nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2)
    second.weight = first.weight
    theirs = nn.Sequential(layer, nn.Tanh(), layer, first, second).double()
    ours = from_torch(theirs)
    assert ours[0] is ours[2]
    assert ours[3].weight is ours[4].weight
    assert len(ours.parameters()) == 6 + 4 + 2 + 2
    back = to_torch(ours)
    assert back[0] is back[2]
    assert back[3].weight is back[4].weight
    for module in (theirs, back):
        module.zero_grad()
    compared(ours, theirs, [2], 0)
    ours.zero_grad()
    compared(ours, back, [2], 1)


# What is refused, by name and place.


class Own(torch.nn.Module):  # type: ignore[misc]
    def forward(self, x: Any) -> Any:
        return x


class OwnLinear(torch.nn.Linear):  # type: ignore[misc]
    def forward(self, x: Any) -> Any:
        return -super().forward(x)


class OnlyNamed(torch.nn.Sequential):  # type: ignore[misc]
    pass


def hooked() -> Any:
    module = torch.nn.ReLU()
    module.register_forward_hook(lambda *_: None)
    return module


THEIRS: list[tuple[Callable[[], Any], str]] = [
    (lambda: torch.nn.BatchNorm2d(2), "is a BatchNorm2d, which cannot be translated; there are Sequential, Linear"),
    (lambda: torch.nn.LSTM(2, 2), "is a LSTM"),
    (lambda: torch.nn.Softmax(1), "is a Softmax"),
    (lambda: torch.nn.LazyLinear(2), "is a LazyLinear"),
    (lambda: torch.nn.ModuleList(), "is a ModuleList"),
    (Own, "is a Own, which cannot"),
    (lambda: OwnLinear(1, 1), "is a OwnLinear with a forward of its own, which cannot be translated; write it as a"),
    (hooked, "is a ReLU with hooks, which cannot be translated; remove them first"),
    (lambda: torch.nn.Conv2d(2, 2, 1, groups=2), "is a Conv2d with groups=2"),
    (lambda: torch.nn.Conv2d(2, 2, 1, padding_mode="reflect"), "is a Conv2d with padding_mode='reflect'"),
    (lambda: torch.nn.MaxPool2d(2, return_indices=True), "is a MaxPool2d with return_indices=True"),
    (lambda: torch.nn.AvgPool2d(2, divisor_override=3), "is a AvgPool2d with divisor_override=3"),
    (lambda: torch.nn.GELU("tanh"), "is a GELU with approximate='tanh'"),
    (lambda: torch.nn.Linear(1, 1, device="meta"), "is a Linear on the device meta, without numbers"),
    (lambda: torch.nn.Flatten(2), r"is a Flatten\(start_dim=2, end_dim=-1\), .* as Flatten\(1, -1\) does"),
    (lambda: torch.nn.Dropout(0.5), r"is a Dropout\(p=0.5, .*\) that draws, .* switch it off first, with eval"),
]


@pytest.mark.parametrize(("make", "message"), THEIRS, ids=[row[1][:30] for row in THEIRS])
def test_what_we_lack_is_named_with_its_place(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(TypeError, match=f"^this {message}"):
        from_torch(make())
    named = torch.nn.Sequential(OrderedDict([("first", torch.nn.ReLU()), ("odd", make())]))
    with pytest.raises(TypeError, match=rf"^layer '1\.odd' of this network {message}"):
        from_torch(torch.nn.Sequential(torch.nn.Tanh(), named))


def test_a_sequential_by_another_name_is_one() -> None:
    assert repr(from_torch(OnlyNamed(torch.nn.ReLU()))) == "Sequential(ReLU())"


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (3.0, "a torch.nn.Module, got float"),
        (Linear(1, 1), "got Linear"),
        ({}, "got dict; load_state_dict takes it"),
        ("w.pt", "got str"),
    ],
)
def test_other_things_are_no_modules_of_torchs(thing: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        from_torch(thing)


class Mine(Module):
    def forward(self, x: Any) -> Any:
        return x


def own(x: Any) -> Any:
    return x


class MineToo(Linear):
    def __call__(self, x: Any) -> list[Value]:
        return super().__call__(x)[::-1]


def uneven() -> Layer:
    layer = Layer(1, 2)
    layer.neurons[0].nonlin = False
    return layer


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Mine(), r"is a Mine with a forward of its own, .* write it for torch, and let that load_state_dict\(to_torch"),
        (MineToo(1, 1), "is a MineToo with a forward of its own"),
        (Elementwise(own), r"is a Elementwise\(own\), .* of functions there are ReLU"),
        (uneven(), "its neurons differ in what follows the sum"),
    ],
    ids=lambda x: str(x)[:20],
)
def test_what_torch_has_no_layer_for_is_named_with_its_place(part: Any, message: str) -> None:
    with pytest.raises(TypeError, match=rf"^layer '1\.0' of this network .*{message}"):
        to_torch(Sequential(ReLU(), Sequential(part)))


def test_other_things_are_no_modules_of_ours() -> None:
    with pytest.raises(TypeError, match=r"a Module, or what state_dict\(\) answers; got list"):
        to_torch([1.0])
    assert flat(to_torch({"w": [[1, 2.5]]})["w"].tolist()) == [1.0, 2.5]

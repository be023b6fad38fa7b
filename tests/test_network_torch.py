"""A network that torch trained is the same network here: the maps of its picture are torch's tensors."""

from __future__ import annotations

import random
from typing import Any

import pytest
from test_network import shown

import viz
from autodiff import Graph, Value, layers, nn
from viz.demo.digits import digit
from viz.nets.facts import Network, read
from viz.nets.fields import Weights

pytestmark = pytest.mark.slow

torch = pytest.importorskip("torch")

CHANNELS = 4, 8


def trained(seed: int = 0, steps: int = 12) -> Any:
    """A LeNet of 8 by 8 digits after some steps of torch's own optimiser."""
    torch.manual_seed(seed)
    one, two = CHANNELS
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, one, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(one, two, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(4 * two, 10),
    ).double()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    images = torch.tensor([[digit(k)] for k in range(10)], dtype=torch.float64)
    for _ in range(steps):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(model(images), torch.arange(10)).backward()
        optimiser.step()
    optimiser.zero_grad()
    return model


def tensors_of(model: Any, image: Any, answer: Any) -> list[Any]:
    """Every map on the way, with its gradient."""
    at = torch.tensor(image, dtype=torch.float64)[None].requires_grad_()
    found = [at]
    for module in model:
        at = module(at)
        at.retain_grad()
        if not isinstance(module, torch.nn.Flatten):
            found.append(at)
    answer(at).backward()
    return found


def compare(score: Value, mine: nn.Module, net: Network, model: Any, tensors: list[Any]) -> None:
    """Every number of the picture is torch's, and every number of torch is in the picture, or has no gradient."""
    values, gradients = shown(viz.network(score, fit=None))
    assert len(tensors) <= len(net.fields) <= len(tensors) + 1  # the loss is no map of torch's
    for field, tensor in zip(net.fields, tensors, strict=False):
        cells, slopes = tensor.detach().reshape(-1), tensor.grad.reshape(-1)
        for place, cell, slope in zip(field.places(), cells.tolist(), slopes.tolist(), strict=True):
            number = field.nodes.get(place)
            assert slope == 0 if number is None else values[number] == pytest.approx(cell, abs=1e-12)
            assert number is None or gradients.get(number, 0.0) == pytest.approx(slope, abs=1e-12)
    numbers = {value: number for number, value in enumerate(net.graph.values)}
    theirs = [
        (x, d) for w in model.parameters() for x, d in zip(*(y.flatten().tolist() for y in (w, w.grad)), strict=True)
    ]
    for value, (x, slope) in zip(mine.parameters(), theirs, strict=True):
        assert value.data == x
        if value in numbers:
            assert values[numbers[value]] == x
        assert gradients.get(numbers.get(value, -1), 0.0) == pytest.approx(slope, abs=1e-12)


def image_of(which: int) -> list[list[list[Value]]]:
    return [[[Value(x) for x in row] for row in digit(which)]]


@pytest.mark.parametrize("which", [4, 7])
def test_a_lenet_that_torch_trained_has_torchs_maps(which: int) -> None:
    model = trained()
    mine = nn.from_torch(model)
    score = mine(image_of(which))[which]
    compare(score, mine, read(score), model, tensors_of(model, [digit(which)], lambda y: y[0, which]))


def test_so_it_has_for_its_loss() -> None:
    model = trained(seed=1)
    mine = nn.from_torch(model)
    loss = nn.cross_entropy(mine(image_of(2)), 8)
    target = torch.tensor([8])
    answer = tensors_of(model, [digit(2)], lambda y: torch.nn.functional.cross_entropy(y, target))
    compare(loss, mine, read(loss), model, answer)


@pytest.mark.parametrize("seed", range(6))
def test_layers_of_torch_know_themselves(seed: int) -> None:
    """Names, kinds and shapes are those of the same layers made here."""
    draw = random.Random(seed)
    made, kernel = draw.randrange(1, 4), draw.randrange(1, 4)
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(1, made, kernel), draw.choice([torch.nn.ReLU, torch.nn.Tanh])(), torch.nn.MaxPool2d(2)
    ).double()
    image = [[[Value(draw.random()) for _ in range(7)] for _ in range(7)]]
    maps = nn.from_torch(theirs)(image)
    found = layers(Graph(*(cell for channel in maps for row in channel for cell in row)))
    assert sorted(one.kind for one in found) == ["bias", "input", "units", "units", "units", "weights"]
    assert found[-1].shape == (made, len(maps[0]), len(maps[0][0]))


def test_a_digit_through_a_lenet_is_twelve_thousand_nodes() -> None:
    model = trained(steps=0)
    loss = nn.cross_entropy(nn.from_torch(model)(image_of(4)), 4)
    assert len(Graph(loss).nodes) > 12_000
    kernels = [part for parts in read(loss).weights.values() for part in parts if isinstance(part, Weights)]
    assert [part.shape for part in kernels] == [(4, 3, 3), (32, 3, 3), (80, 2, 2)]

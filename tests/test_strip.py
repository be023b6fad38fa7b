"""A batch as a strip: each sample's maps and its part of the weights' gradient are torch's, and the parts sum up."""

from __future__ import annotations

import random
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from test_network import SVG, random_network, said
from test_slopes import overlapping

import viz
from autodiff import Value, layer, nn
from viz.layout.place import LEAST, PLACES
from viz.nets.facts import read
from viz.nets.samples import samples_in, samples_of, shared_by

pytestmark = pytest.mark.slow

torch = pytest.importorskip("torch")


def numbers(picture: Any, kind: str) -> dict[tuple[str, int], float | None]:
    """The cells of a kind by sample and node; None where a dot stands."""
    found: dict[tuple[str, int], float | None] = {}
    for group in ElementTree.fromstring(picture.svg()).iter(f"{SVG}g"):
        if match := re.fullmatch(rf"{kind}(\d+|rest|sum)_(\d+)", group.get("data-name", "")):
            known = [float(plate.get("data-value", "nan")) for plate in group.iter(f"{SVG}rect")]
            found[match[1], int(match[2])] = known[0] if known else None
    return found


def batch(seed: int, count: int = 3) -> tuple[nn.Sequential, list[Any], list[Any], Any]:
    """A random network with several images as Values and as torch's tensors, and torch's twin of the network."""
    model, image = random_network(seed)
    draw = random.Random(seed)
    images = [[[[draw.uniform(-1, 1) for _ in row] for row in channel] for channel in image] for _ in range(count)]
    ours = [[[[Value(x) for x in row] for row in channel] for channel in one] for one in images]
    theirs = [torch.tensor([one], dtype=torch.float64, requires_grad=True) for one in images]
    return model, ours, theirs, nn.to_torch(model).double()


def agree(picture: Any, samples: Any, theirs: Any, weight: Any) -> None:
    """Inputs' gradients, the weights' parts and their sum, as read from the picture."""
    gradients, parts = numbers(picture, "g"), numbers(picture, "w")
    for k, (sample, x) in enumerate(zip(samples, theirs, strict=True)):
        for place, number in sample.fields[0].nodes.items():
            assert (gradients[str(k), number] or 0.0) == pytest.approx(float(x.grad[0][place]), abs=1e-12)
    field = shared_by(samples).field  # type: ignore[union-attr]
    flat = weight.grad.reshape(field.shape)
    for place, number in field.nodes.items():
        assert (parts["sum", number] or 0.0) == pytest.approx(float(flat[place]), abs=1e-12)
        found = sum(parts.get((str(k), number)) or 0.0 for k in range(len(samples)))
        assert found + (parts.get(("rest", number)) or 0.0) == pytest.approx(float(flat[place]), abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_several_outputs_have_torchs_gradients_and_their_sum(seed: int) -> None:
    model, ours, theirs, twin = batch(seed)
    outputs = [model(image)[k % 2] for k, image in enumerate(ours)]
    for k, x in enumerate(theirs):
        twin(x)[0, k % 2].backward()
    picture = viz.network(outputs)
    samples = samples_of(outputs, None)
    agree(picture, samples, theirs, twin[0].weight)
    for output in outputs:
        output.backward()
    shared = shared_by(samples)
    assert shared is not None
    for number, whole in shared.whole.items():
        assert (whole or 0.0) == pytest.approx(samples[0].net.graph.values[number].grad, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_the_mean_of_losses_is_told_sample_by_sample(seed: int) -> None:
    model, ours, theirs, twin = batch(seed)
    loss = sum((nn.cross_entropy(model(image), k % 2) for k, image in enumerate(ours)), Value(0.0)) / 3
    labels = [torch.tensor([k % 2]) for k in range(3)]
    (sum(torch.nn.functional.cross_entropy(twin(x), y) for x, y in zip(theirs, labels, strict=True)) / 3).backward()
    samples = samples_in(read(loss))
    assert [sample.name for sample in samples] == ["sample 0", "sample 1", "sample 2"]
    agree(viz.network(loss), samples, theirs, twin[0].weight)


def test_samples_of_which_different_outputs_are_read_are_told_apart() -> None:
    model, ours, theirs, twin = batch(1)
    loss = sum((model(image)[k % 2] for k, image in enumerate(ours)), Value(0.0))
    sum(twin(x)[0, k % 2] for k, x in enumerate(theirs)).backward()
    samples = samples_in(read(loss))
    assert len(samples) == 3
    agree(viz.network(loss), samples, theirs, twin[0].weight)


def test_a_penalty_on_the_weights_comes_from_elsewhere() -> None:
    model, ours, theirs, twin = batch(2)
    loss = sum((model(image)[0] ** 2 for image in ours), Value(0.0))
    loss = loss + 0.1 * sum((w * w for w in model.parameters()), Value(0.0))
    (sum(twin(x)[0, 0] ** 2 for x in theirs) + 0.1 * sum((w * w).sum() for w in twin.parameters())).backward()
    picture = viz.network(loss)
    agree(picture, samples_in(read(loss)), theirs, twin[0].weight)
    assert "rest" in {sample for sample, _ in numbers(picture, "w")}
    assert "elsewhere" in said(picture)


def test_one_network_is_no_batch() -> None:
    model, ours, _, _ = batch(3)
    assert samples_in(read(model(ours[0])[0])) == []
    cell = nn.Linear(2, 2, rng=0)
    state: Any = layer("state", [Value(0.5), Value(-0.5)], kind="input")
    for _ in range(3):
        state = [x.tanh() for x in cell(state)]
    assert samples_in(read(state[0] + state[1])) == []
    one, other = cell([Value(1.0), Value(2.0)]), cell([Value(3.0), Value(4.0)])
    apart = layer("apart", [(a - b) ** 2 for a, b in zip(one, other, strict=True)])
    assert samples_in(read(apart[0] + apart[1])) == []


def test_outputs_of_one_input_are_called_outputs() -> None:
    model, ours, _, _ = batch(4)
    assert [sample.name for sample in samples_of(model(ours[0]), None)] == ["output 0", "output 1"]
    first, second = model(ours[0])[0], model(ours[1])[0]
    first.name, second.name = "cat", "dog"
    assert [sample.name for sample in samples_of([first, second], None)] == ["cat", "dog"]


def test_the_sentence_counts_who_gets_gradient() -> None:
    model, ours, _, _ = batch(6)
    outputs = [model(image)[0] for image in ours]
    samples = samples_of(outputs, None)
    got = [{at for at, n in s.fields[0].nodes.items() if n in s.net.gradients} for s in samples]
    assert any(len(cells) < len(samples[0].fields[0].nodes) for cells in got)
    text = " ".join(said(viz.network(outputs)))
    assert ", ".join(f"{len(cells)} with sample {k}" for k, cells in enumerate(got)) in text
    assert f"{len(set.intersection(*got))} with every one." in text


def test_the_layers_that_are_asked_for_are_shown() -> None:
    model, ours, _, _ = batch(6)
    outputs = [model(image)[0] for image in ours]
    names = [field.name for field in read(outputs[0]).fields]
    told = said(viz.network(outputs, layers=[names[1], names[2]]))
    assert {text for text in told if text.endswith(": values")} == {f"{names[1]}: values", f"{names[2]}: values"}


def test_a_crop_of_each_map_is_called_one() -> None:
    model, ours, _, _ = batch(6)
    outputs = [model(image)[0] for image in ours]
    picture = viz.network(outputs, crop=(range(2), range(1, 4)), fit="slide")
    assert "input (rows 0–1 of 7, columns 1–3 of 7): values" in said(picture)
    assert len({name for name in numbers(picture, "v") if name[0] == "0"}) < 49


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_text_is_smaller_than_can_be_read_nor_meets_another(place: str, theme: str) -> None:
    for seed in range(3):
        model, ours, _, _ = batch(seed, 4)
        picture = viz.network([model(image)[0] for image in ours], fit=place, theme=theme)
        svg = picture.svg()
        wide, high = map(float, re.findall(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg)[0])
        least = min(map(float, re.findall(r'font-size="([\d.]+)"', svg)))
        assert PLACES[place].scale((wide, high)) * least >= LEAST - 0.01
        assert not [*overlapping(picture)]


def test_what_is_no_batch_is_refused() -> None:
    model, ours, _, _ = batch(0)
    outputs = [model(image)[0] for image in ours]
    with pytest.raises(ValueError, match="has no output to show"):
        viz.network([])
    with pytest.raises(TypeError, match="the Value that the network computed, got float"):
        viz.network([outputs[0], 1.0])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="for one sample"):
        viz.network(outputs, slopes=True)
    with pytest.raises(ValueError, match="give fewer samples"):
        viz.network(outputs * 60, fit=(300, 200))

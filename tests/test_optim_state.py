"""What an optimiser remembers: who is skipped in a step, copies, and states that go out and come in."""

from __future__ import annotations

import copy
import importlib.util
import json
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiff import Value, where
from autodiff.nn import Linear, Module, ReLU, Sequential, fit
from autodiff.optim import SGD, Adam, AdamW, Optimizer, cosine, linear, step

Make = Callable[[Any], Optimizer]

# Every keyword of each optimiser, also together.
FAMILY: dict[str, tuple[type[Optimizer], dict[str, Any]]] = {
    "plain": (SGD, {"lr": 0.05}),
    "decay": (SGD, {"lr": 0.05, "weight_decay": 0.1}),
    "momentum": (SGD, {"lr": 0.05, "momentum": 0.9}),
    "dampening": (SGD, {"lr": 0.05, "momentum": 0.8, "dampening": 0.3}),
    "dampening and decay": (SGD, {"lr": 0.05, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.2}),
    "nesterov": (SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    "nesterov and decay": (SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    "uphill": (SGD, {"lr": 0.01, "momentum": 0.5, "maximize": True, "weight_decay": 0.1}),
    "Adam": (Adam, {"lr": 0.05}),
    "Adam, all": (Adam, {"lr": 0.05, "betas": (0.7, 0.8), "eps": 1e-4, "weight_decay": 0.1}),
    "Adam, uphill": (Adam, {"lr": 0.05, "maximize": True}),
    "Adam, short memory": (Adam, {"lr": 0.05, "betas": (0.3, 0.4)}),
    "AdamW": (AdamW, {"lr": 0.05}),
    "AdamW, all": (AdamW, {"lr": 0.05, "betas": (0.7, 0.8), "eps": 1e-4, "weight_decay": 0.3}),
    "AdamW, uphill": (AdamW, {"lr": 0.05, "maximize": True, "weight_decay": 0.3}),
}
whole_family = pytest.mark.parametrize(("kind", "keywords"), FAMILY.values(), ids=FAMILY)

# In each step the slope of each parameter's loss; None: the loss is not computed from it.
Slopes = list[tuple[float | None, float | None]]
slopes = st.tuples(*[st.one_of(st.none(), st.floats(-2, 2))] * 2).filter(lambda pair: pair != (None, None))

# What torch 2 answers from (1, -2) after 20 steps on the sum of the slopes times the squares, with SLOPES.
SLOPES: Slopes = [(1.0, 0.5), (1.0, None), (None, 0.5), (-0.25, None), (None, 1.5), (0.5, 0.0), (0.0, None)]
SLOPES = (SLOPES * 3)[:20]
TORCH: dict[str, list[float]] = {
    "plain": [0.4906789967955058, -0.9028766146601563],
    "decay": [0.4557013489855874, -0.8465648178801066],
    "momentum": [-0.45512895544190995, 1.0549982531684572],
    "dampening": [-0.0866265363159748, 0.22937651149258861],
    "dampening and decay": [-0.14989361634896547, 0.3580011866518743],
    "nesterov": [-0.3162588981156631, 0.7166760767743748],
    "nesterov and decay": [-0.2947556671071814, 0.6895415611311911],
    "uphill": [1.2488331141890328, -2.567532820220114],
    "Adam": [0.5164327269545954, -1.5111599589861944],
    "Adam, all": [0.5060358501875563, -1.507648317387415],
    "Adam, uphill": [1.5086217826423762, -2.4937239498260193],
    "Adam, short memory": [0.550379288358603, -1.5222627309565377],
    "AdamW": [0.5114233789492243, -1.5007012210425137],
    "AdamW, all": [0.38955714547636505, -1.2303166440107252],
    "AdamW, uphill": [1.2657592477286097, -2.120030985697631],
}


def walked(optimizer: Any, params: Any, steps: Slopes) -> None:
    for pair in steps:
        optimizer.zero_grad()
        sum(slope * v * v for slope, v in zip(pair, params, strict=True) if slope is not None).backward()
        optimizer.step()


def ours(kind: type[Optimizer], keywords: dict[str, Any], steps: Slopes) -> list[float]:
    params = [Value(1.0), Value(-2.0)]
    walked(kind(params, **keywords), params, steps)
    return [param.data for param in params]


def torchs(kind: type[Optimizer], keywords: dict[str, Any], steps: Slopes) -> list[float]:
    torch = pytest.importorskip("torch")
    params = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (1.0, -2.0)]
    walked(getattr(torch.optim, kind.__name__)(params, **keywords), params, steps)
    return [param.item() for param in params]


@pytest.mark.parametrize("name", FAMILY)
def test_twenty_steps_with_gaps_are_torchs(name: str) -> None:
    assert ours(*FAMILY[name], SLOPES) == pytest.approx(TORCH[name], rel=1e-14, abs=1e-14)


@pytest.mark.slow
@whole_family
@settings(max_examples=10, deadline=None)
@given(steps=st.lists(slopes, min_size=1, max_size=20))
def test_any_steps_with_any_gaps_are_torchs(kind: type[Optimizer], keywords: dict[str, Any], steps: Slopes) -> None:
    right = torchs(kind, keywords, steps)
    assert ours(kind, keywords, steps) == pytest.approx(right, rel=1e-13, abs=1e-14)


@whole_family
@settings(max_examples=10, deadline=None)
@given(steps=st.lists(slopes, min_size=1, max_size=8))
def test_lists_and_arrays_skip_to_the_same_bits(kind: type[Optimizer], keywords: dict[str, Any], steps: Slopes) -> None:
    by_list, by_array = kind([], **keywords), kind([], **keywords)
    numbers: list[float] = [1.0, -2.0]
    array: Any = np.array(numbers)
    for pair in steps:
        reached = [slope is not None for slope in pair]
        gradient = [2 * (slope or 0.0) * x for slope, x in zip(pair, numbers, strict=True)]
        numbers = by_list.update(numbers, gradient, reached)
        array = by_array.update(array, np.array(gradient), reached)
    assert numbers == array.tolist() == ours(kind, keywords, steps)
    assert by_list.counts == by_array.counts


class Branch:
    """A loss that is computed from one parameter, and one that a path may not lead to; a third has no part in it."""

    def __init__(self) -> None:
        self.params = [Value(1.0, "used"), Value(-2.0, "blocked"), Value(3.0, "idle")]
        self.x = Value(0.0, "x")
        self.loss = where(self.x, self.params[0] ** 2, self.params[1] ** 2)

    @property
    def numbers(self) -> list[float]:
        return [param.data for param in self.params]


@pytest.mark.slow
@whole_family
@pytest.mark.parametrize("backend", ["python", "numpy"])
def test_fit_skips_whom_the_loss_was_not_computed_from(
    kind: type[Optimizer], keywords: dict[str, Any], backend: str
) -> None:
    fast, slow = Branch(), Branch()
    trained, stepped = kind(fast.params, **keywords), kind(slow.params, **keywords)
    fit(fast.loss, [fast.x], [[1.0]], optimizer=trained, epochs=6, progress=False, backend=backend)
    for _ in range(6):
        slow.x.data = 1.0
        stepped.zero_grad()
        used, blocked, _ = slow.params
        where(slow.x, used**2, blocked**2).backward()
        stepped.step()
    assert slow.params[1].grad_state == "no path"
    assert fast.numbers == pytest.approx(slow.numbers, rel=1e-14)
    assert fast.numbers[2] == 3.0
    assert (slow.numbers[1] == -2.0) is (not keywords.get("weight_decay") and kind is not AdamW)
    assert trained.counts == stepped.counts == [6, 6, 0]


@whole_family
def test_steps_by_hand_go_on_after_a_training_on_arrays(kind: type[Optimizer], keywords: dict[str, Any]) -> None:
    found = []
    for backend in ("python", "numpy"):
        branch = Branch()
        optimizer = kind(branch.params, **keywords)
        fit(branch.loss, [branch.x], [[1.0]], optimizer=optimizer, epochs=2, progress=False, backend=backend)
        (branch.params[0] * branch.params[2]).backward()
        optimizer.step()
        assert {type(number) for row in optimizer.state for number in row} <= {float}
        found.append((branch.numbers, optimizer.state_dict()))
    assert found[0] == found[1]


def test_no_path_lets_the_momentum_go_on() -> None:
    x = Value(1.0)
    optimizer = SGD([x], lr=0.5, momentum=0.5)
    for expected in (0.5, -0.25, -0.625, -0.8125):  # the speeds are 1, 1.5, and then, without a path, 0.75, 0.375
        optimizer.zero_grad()
        x.relu().backward()
        optimizer.step()
        assert x.data == expected


def test_who_is_skipped_is_not_made_stale() -> None:
    used, idle = Value(1.0), Value(2.0)
    twice = idle * 2
    used.grad = 1.0
    SGD([used, idle], 0.1).step()
    twice.backward()
    assert idle.grad == 2.0


# Copies


SCHEDULES = [cosine(1.0, 10), linear(0.5, 7, 0.1), step(0.3, 2, 0.5), 0.25]


@pytest.mark.slow
@whole_family
@pytest.mark.parametrize("lr", SCHEDULES, ids=["cosine", "linear", "step", "number"])
@pytest.mark.parametrize("copier", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_a_copy_goes_on_as_before(kind: type[Optimizer], keywords: dict[str, Any], lr: Any, copier: Any) -> None:
    params = [Value(1.0), Value(-2.0)]
    optimizer = kind(params, **keywords | {"lr": lr})
    walked(optimizer, params, SLOPES[:3])
    twin = copier(optimizer)
    for one in (optimizer, twin):
        walked(one, one.params, SLOPES[3:7])
    assert [p.data for p in twin.params] == [p.data for p in params]
    assert twin.params[0] is not params[0]


def test_an_optimiser_shows_every_number_that_is_not_the_usual_one() -> None:
    x = Value(1.0)
    assert repr(SGD([x], 0.1)) == "SGD(<1 parameters>, 0.1)"
    assert repr(SGD([x], 0.1, momentum=0.9, nesterov=True)) == "SGD(<1 parameters>, 0.1, momentum=0.9, nesterov=True)"
    assert repr(AdamW([], betas=(0.5, 0.9))) == "AdamW(<0 parameters>, betas=(0.5, 0.9))"
    assert isinstance(cosine(1.0, 10), partial)


# States


def network() -> Sequential:
    return Sequential(Linear(2, 3, rng=0), ReLU(), Linear(3, 1, rng=1))


def trained(make: Make, whole: bool = True, steps: int = 3) -> tuple[Sequential, Optimizer]:
    net = network()
    optimizer = make(net if whole else net.parameters())
    more(net, optimizer, steps)
    return net, optimizer


def more(net: Sequential, optimizer: Optimizer, steps: int) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        (net([0.5, -1.0])[0] - 1.0).exp().backward()
        optimizer.step()


@whole_family
@pytest.mark.parametrize("whole", [True, False], ids=["module", "values"])
@pytest.mark.parametrize("again", [True, False], ids=["module", "values"])
def test_a_state_goes_out_and_comes_in(
    kind: type[Optimizer], keywords: dict[str, Any], whole: bool, again: bool
) -> None:
    first, optimizer = trained(lambda params: kind(params, **keywords), whole)
    second = network()
    second.load_state_dict(first.state_dict())
    other = kind(second if again else second.parameters(), lr=1.0)
    other.load_state_dict(optimizer.state_dict())
    assert (other.lr, other.steps) == (optimizer.lr, optimizer.steps)
    assert other.counts == (optimizer.counts if other.kept else 0)
    if whole is again:
        assert other.state_dict() == optimizer.state_dict()
    more(first, optimizer, 3)
    more(second, other, 3)
    assert second.state_dict() == first.state_dict()


@whole_family
def test_a_state_with_gaps_comes_in_as_it_was(kind: type[Optimizer], keywords: dict[str, Any]) -> None:
    params = [Value(1.0), Value(-2.0)]
    optimizer, other = kind(params, **keywords), kind([Value(1.0), Value(-2.0)], **keywords)
    walked(optimizer, params, [(1.0, None), (1.0, 0.5), (None, 0.5), (1.0, 1.0)])
    other.load_state_dict(optimizer.state_dict())
    assert other.state == optimizer.state
    assert other.counts == (optimizer.counts if other.kept else 0)


def test_a_state_may_go_through_json() -> None:
    first, optimizer = trained(lambda params: Adam(params, betas=(0.8, 0.9)))
    second = network()
    second.load_state_dict(first.state_dict())
    other = Adam(second)
    other.load_state_dict(json.loads(json.dumps(optimizer.state_dict())))
    assert other.state_dict() == optimizer.state_dict()


def test_a_network_and_its_optimiser_stay_together_in_a_pickle() -> None:
    net, optimizer = pickle.loads(pickle.dumps(trained(lambda params: Adam(params))))
    assert all(a is b for a, b in zip(net.parameters(), optimizer.params, strict=True))
    assert [name for name, _ in optimizer.tensors] == [*net.state_dict()]


def test_a_module_gives_torchs_shapes_and_a_list_of_values_numbers() -> None:
    _, optimizer = trained(lambda params: Adam(params))
    state = optimizer.state_dict()
    assert state["param_groups"][0]["param_names"] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert state["param_groups"][0]["params"] == [0, 1, 2, 3] == [*state["state"]]
    assert np.shape(state["state"][0]["exp_avg"]) == (3, 2)
    assert state["state"][0]["step"] == 3.0
    _, optimizer = trained(lambda params: Adam(params), whole=False)
    assert [entry["step"] for entry in optimizer.state_dict()["state"].values()] == [3.0] * 13


def test_a_schedule_stays_and_goes_on_from_the_saved_step() -> None:
    _, optimizer = trained(lambda params: SGD(params, linear(1.0, 10), momentum=0.9))
    state = optimizer.state_dict()
    assert state["param_groups"][0]["lr"] == optimizer.rate == 0.7
    other = SGD(network(), linear(1.0, 10))
    other.load_state_dict(state)
    assert other.rate == 0.7
    plain = SGD(network(), 0.1)
    plain.load_state_dict(state)
    assert plain.lr == 0.7


@pytest.mark.slow
@whole_family
@pytest.mark.parametrize("whole", [True, False], ids=["module", "values"])
def test_torchs_state_goes_on_here(kind: type[Optimizer], keywords: dict[str, Any], whole: bool) -> None:
    torch = pytest.importorskip("torch")
    net = network()
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)).double()
    theirs.load_state_dict({name: torch.tensor(nest) for name, nest in net.state_dict().items()})
    there = getattr(torch.optim, kind.__name__)(theirs.parameters(), **keywords)

    def steps() -> None:
        for _ in range(3):
            there.zero_grad()
            (theirs(torch.tensor([0.5, -1.0], dtype=torch.float64))[0] - 1.0).exp().backward()
            there.step()

    steps()
    net.load_state_dict(theirs.state_dict())
    here = kind(net if whole else net.parameters(), lr=1.0)
    here.load_state_dict(there.state_dict())
    steps()
    more(net, here, 3)
    for name, tensor in theirs.state_dict().items():
        assert np.array(net.state_dict()[name]) == pytest.approx(tensor.numpy(), rel=1e-13)


class Line(Module):
    def __init__(self) -> None:
        self.slope, self.shift = Value(1.0), Value(0.0)


def moved(make: Make, params: Any) -> dict[str, Any]:
    optimizer = make(params)
    for param in optimizer.params:
        param.grad = 1.0
    optimizer.step()
    return optimizer.state_dict()


def renamed() -> dict[str, Any]:
    state = moved(Adam, Line())
    state["param_groups"][0]["param_names"] = ["slope", "bias"]
    return state


OTHER: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: [1.0], TypeError, "a state is what state_dict"),
    (lambda: {"state": {}}, TypeError, "a state is what state_dict"),
    (lambda: moved(AdamW, Line()), ValueError, "of another optimiser than Adam: see its 'decoupled_weight_decay'"),
    (lambda: moved(lambda p: SGD(p, 0.1), Line()), ValueError, "of another optimiser than Adam: see its 'betas'"),
    (renamed, ValueError, "parameter 1 is 'shift' here, and 'bias' in what is to be loaded"),
    (lambda: moved(Adam, [Value(1.0, "slope")]), ValueError, "there are 2 numbers here, and 1 in what is"),
    (lambda: moved(Adam, Linear(1, 3)), ValueError, r"parameter 0 is 'slope' here, and 'weight'"),
    (lambda: moved(Adam, network()), ValueError, r"there are 2 numbers here, and 13 in what"),
    (
        lambda: moved(Adam, Line()) | {"param_groups": moved(Adam, Line())["param_groups"] * 2},
        ValueError,
        "the state has 2 groups of parameters, and an optimiser has one",
    ),
]


@pytest.mark.parametrize(("state", "error", "message"), OTHER, ids=[row[2] for row in OTHER])
def test_another_optimisers_state_changes_nothing(
    state: Callable[[], Any], error: type[Exception], message: str
) -> None:
    optimizer = Adam(Line())
    before = optimizer.state_dict()
    with pytest.raises(error, match=message):
        optimizer.load_state_dict(state())
    assert optimizer.state_dict() == before


def test_other_shapes_of_as_many_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"parameter 0 has the shape \(1, 2\) here, and \(2, 1\) in what"):
        Adam(Linear(2, 1, bias=False)).load_state_dict(moved(Adam, Linear(1, 2, bias=False)))


# Keywords


@pytest.mark.parametrize("keywords", [{}, {"momentum": 0.9, "dampening": 0.1}], ids=["alone", "dampened"])
def test_nesterov_needs_momentum_and_no_dampening(keywords: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="nesterov needs momentum, and no dampening"):
        SGD([Value(1.0)], 0.1, nesterov=True, **keywords)


def test_groups_of_parameters_are_answered() -> None:
    with pytest.raises(TypeError, match="make an optimiser for each group"):
        SGD([{"params": [Value(1.0)]}], 0.1)


if __name__ == "__main__" and importlib.util.find_spec("torch"):  # prints TORCH anew
    for name, (kind, keywords) in FAMILY.items():
        print(f"    {name!r}: {torchs(kind, keywords, SLOPES)!r},")

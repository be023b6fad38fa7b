"""Networks of torch's as ours, and ours as torch's: the same layers, with the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any, NoReturn

from autodiff import functions
from autodiff.ground.text import quoted
from autodiff.nn.convolution import AvgPool2d, Conv2d, MaxPool2d
from autodiff.nn.layers import Elementwise, Flatten, Identity, Linear, ReLU, Sequential, Sigmoid, Tanh
from autodiff.nn.modules import Module
from autodiff.nn.nests import flat, mapped
from autodiff.nn.perceptron import MLP, Layer, Neuron, activation
from autodiff.recording.value import Value

__all__ = ["from_torch", "to_torch"]

Known = dict[Any, Any]  # what was translated already: a layer or tensor that is used twice stays one


def from_torch(module: Any) -> Any:
    """The same network, with the same numbers in float64, of a torch Sequential (also nested) or a single layer.

    Taken are Linear, Conv2d, MaxPool2d, AvgPool2d, Flatten, Identity, ReLU, LeakyReLU, GELU, SiLU, Tanh, Sigmoid, and
    Dropout that is switched off (``module.eval()``). A layer or parameter that is used twice stays one. ``TypeError``
    names any other layer, or an option that we lack, and its place. What has a forward of its own is written anew as
    a Module, which loads the ``state_dict()`` of torch's.
    """
    if not any(_is_torchs(kind) for kind in type(module).__mro__):
        hint = "; load_state_dict takes it" if isinstance(module, Mapping) else ""
        raise TypeError(f"from_torch takes a torch.nn.Module, got {type(module).__name__}{hint}")
    return _read(module, "", {})


def to_torch(net: Any) -> Any:
    """The same network, with the same numbers, as a ``torch.nn.Module`` in float64; of a state_dict one of tensors.

    It takes our layers, Sequential, Neuron, Layer and MLP, and answers torch's of the same positions, which take
    batches. What has a forward of its own raises ``TypeError``: write it for torch, and let that load
    ``to_torch(net.state_dict())``. The state of an optimiser of a Module is one for torch's, too. ``ImportError``
    without torch.
    """
    torch = import_module("torch")
    if isinstance(net, Mapping):
        state = net.get("state", {}) if "param_groups" in net else net
        tensors = {name: _tensors(torch, nest) for name, nest in state.items()}
        return tensors if state is net else {**net, "state": tensors}
    if not isinstance(net, Module):
        raise TypeError(f"to_torch takes a Module, or what state_dict() answers; got {type(net).__name__}")
    return _written(torch, net, "", {})


# From torch: a reader for each class of torch.nn, by name.


def _is_torchs(kind: type) -> bool:
    return kind.__module__.startswith("torch.nn.modules.")


def _read(module: Any, place: str, known: Known) -> Any:
    if module in known:
        return known[module]
    kind: Any = next(kind for kind in type(module).__mro__ if _is_torchs(kind))
    if kind.__name__ not in _READERS or kind.__name__ == "Module":
        _refuse(place, type(module).__name__, f"; there are {', '.join(_READERS)}")
    if type(module).forward is not kind.forward or "forward" in vars(module):
        _refuse(place, f"{type(module).__name__} with a forward of its own", _ANEW)
    if module._forward_hooks or module._forward_pre_hooks:
        _refuse(place, f"{kind.__name__} with hooks", "; remove them first")
    layer = known[module] = _READERS[kind.__name__](module, place, known)
    return layer


_ANEW = "; write it as a Module of yours, which may load_state_dict(net.state_dict())"


def _refuse(place: str, what: str, hint: str = "") -> NoReturn:
    where = f"layer {quoted(place)} of this network" if place else "this"
    raise TypeError(f"{where} is a {what}, which cannot be translated{hint}")


def _usual(module: Any, place: str, **options: Any) -> None:
    """Refuse a layer with an option that we lack, but for the value that says nothing."""
    for name, usual in options.items():
        if (given := getattr(module, name)) != usual:
            _refuse(place, f"{type(module).__name__} with {name}={quoted(given)}")


def _filled(layer: Any, module: Any, place: str, known: Known) -> Any:
    """The layer with the parameters of the module: those of its numbers, or the Values that they became before."""
    if module.weight.is_meta:
        _refuse(place, f"{type(module).__name__} on the device meta, without numbers")
    layer.load_state_dict({name: getattr(module, name).detach().tolist() for name in layer.tensors()})
    for name, nest in layer.tensors().items():
        setattr(layer, name, known.setdefault(getattr(module, name), nest))
    return layer


def _linear(module: Any, place: str, known: Known) -> Linear:
    layer = Linear(module.in_features, module.out_features, bias=module.bias is not None, rng=0)
    return _filled(layer, module, place, known)  # type: ignore[no-any-return]


def _conv(module: Any, place: str, known: Known) -> Conv2d:
    _usual(module, place, groups=1, padding_mode="zeros")
    sizes = module.in_channels, module.out_channels, module.kernel_size, module.stride
    layer = Conv2d(*sizes, module.padding, module.dilation, bias=module.bias is not None, rng=0)
    return _filled(layer, module, place, known)  # type: ignore[no-any-return]


def _max_pool(module: Any, place: str, known: Known) -> MaxPool2d:
    _usual(module, place, return_indices=False)
    more = {name: getattr(module, name) for name in ("padding", "dilation", "ceil_mode")}
    return MaxPool2d(module.kernel_size, _stride(module), **more)


def _avg_pool(module: Any, place: str, known: Known) -> AvgPool2d:
    _usual(module, place, divisor_override=None)
    more = {name: getattr(module, name) for name in ("padding", "ceil_mode", "count_include_pad")}
    return AvgPool2d(module.kernel_size, _stride(module), **more)


def _stride(module: Any) -> Any:
    return None if module.stride == module.kernel_size else module.stride


def _flatten(module: Any, place: str, known: Known) -> Flatten:
    if (module.start_dim, module.end_dim) not in ((1, -1), (1, 3), (-3, -1), (0, -1), (0, 2)):
        _refuse(place, f"{quoted(module)}", "; ours makes one list of a sample, as Flatten(1, -1) does")
    return Flatten()


def _dropout(module: Any, place: str, known: Known) -> Identity:
    if module.training and module.p:
        _refuse(place, f"{quoted(module)} that draws", "; switch it off first, with eval()")
    return Identity()


def _leaky(module: Any, place: str, known: Known) -> Elementwise:
    return Elementwise(partial(functions.leaky_relu, slope=module.negative_slope), "leaky_relu")


def _gelu(module: Any, place: str, known: Known) -> Elementwise:
    _usual(module, place, approximate="none")
    return Elementwise(functions.gelu)


def _sequential(module: Any, place: str, known: Known) -> Sequential:
    below = f"{place}." if place else ""
    return Sequential(*(_read(part, f"{below}{name}", known) for name, part in module._modules.items()))


_READERS: dict[str, Callable[[Any, str, Known], Any]] = {
    "Sequential": _sequential,
    "Linear": _linear,
    "Conv2d": _conv,
    "MaxPool2d": _max_pool,
    "AvgPool2d": _avg_pool,
    "Flatten": _flatten,
    "Identity": lambda *_: Identity(),
    "ReLU": lambda *_: ReLU(),
    "LeakyReLU": _leaky,
    "GELU": _gelu,
    "SiLU": lambda *_: Elementwise(functions.silu),
    "Tanh": lambda *_: Tanh(),
    "Sigmoid": lambda *_: Sigmoid(),
    **dict.fromkeys(("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout"), _dropout),
}


# To torch: a writer for each class of ours.


def _written(torch: Any, net: Module, place: str, known: Known) -> Any:
    if net not in known:
        kind: Any = next((kind for kind in type(net).__mro__ if kind in _WRITERS), None)
        if kind is None or type(net).forward is not kind.forward:
            hint = "; write it for torch, and let that load_state_dict(to_torch(net.state_dict()))"
            _refuse(place, f"{type(net).__name__} with a forward of its own", hint)
        known[net] = _WRITERS[kind](torch, net, place, known)
    return known[net]


def _tensor(torch: Any, nest: Any) -> Any:
    return torch.tensor(mapped(lambda x: x.data if isinstance(x, Value) else x, nest), dtype=torch.float64)


def _tensors(torch: Any, nest: Any) -> Any:
    """A tensor, or what an optimiser remembers of one."""
    if not isinstance(nest, Mapping):
        return _tensor(torch, nest)
    if isinstance(nest.get("step"), list):
        raise ValueError("parts of a tensor took more steps than others, which torch has no state for")
    return {name: _tensor(torch, part) for name, part in nest.items()}


def _with(torch: Any, module: Any, known: Known, **tensors: Any) -> Any:
    """The module with these parameters; Values that became a parameter before stay one."""
    for name, nest in tensors.items():
        if nest is not None:
            key = tuple(flat(nest))
            setattr(module, name, known.setdefault(key, torch.nn.Parameter(_tensor(torch, nest))))
    return module


def _to_linear(torch: Any, net: Any, place: str, known: Known) -> Any:
    module = torch.nn.Linear(net.in_features, net.out_features, bias=net.bias is not None, device="meta")
    return _with(torch, module, known, weight=net.weight, bias=net.bias)


def _to_conv(torch: Any, net: Any, place: str, known: Known) -> Any:
    sizes = net.in_channels, net.out_channels, net.kernel_size, net.stride, net.padding, net.dilation
    module = torch.nn.Conv2d(*sizes, bias=net.bias is not None, device="meta")
    return _with(torch, module, known, weight=net.weight, bias=net.bias)


def _to_elementwise(torch: Any, net: Any, place: str, known: Known) -> Any:
    function = net.function
    if isinstance(function, partial) and function.func is functions.leaky_relu and {*function.keywords} == {"slope"}:
        return torch.nn.LeakyReLU(function.keywords["slope"])
    return _function(torch, function, net, place)


def _function(torch: Any, function: Any, net: Any, place: str) -> Any:
    """Torch's layer for a function of ours."""
    name = next((name for name, ours in _FUNCTIONS.items() if ours is function), None)
    if name is None:
        _refuse(place, f"{quoted(net)}", f"; of functions there are {', '.join(_FUNCTIONS)}")
    return getattr(torch.nn, name)()


_FUNCTIONS: dict[str, Any] = {
    "ReLU": functions.relu,
    "LeakyReLU": functions.leaky_relu,
    "GELU": functions.gelu,
    "SiLU": functions.silu,
    "Tanh": functions.tanh,
    "Sigmoid": functions.sigmoid,
}


def _to_sequential(torch: Any, net: Any, place: str, known: Known) -> Any:
    below = f"{place}." if place else ""
    parts = [_written(torch, part, f"{below}{number}", known) for number, part in enumerate(net.layers)]
    return torch.nn.Sequential(*parts)


def _to_layer(torch: Any, net: Any, place: str, known: Known) -> Any:
    neurons = [net] if isinstance(net, Neuron) else net.neurons
    kinds = {activation(neuron.nonlin) for neuron in neurons}
    if len(kinds) > 1:
        _refuse(place, f"{quoted(net)}", ": its neurons differ in what follows the sum")
    module = torch.nn.Linear(len(neurons[0].w), len(neurons), device="meta")
    _with(torch, module, known, weight=[neuron.w for neuron in neurons], bias=[neuron.b for neuron in neurons])
    (function,) = kinds
    return module if function is None else torch.nn.Sequential(module, _function(torch, function, net, place))


_WRITERS: dict[type, Callable[[Any, Any, str, Known], Any]] = {
    Sequential: _to_sequential,
    Linear: _to_linear,
    Conv2d: _to_conv,
    MaxPool2d: lambda torch, net, *_: torch.nn.MaxPool2d(**net.keywords),
    AvgPool2d: lambda torch, net, *_: torch.nn.AvgPool2d(**net.keywords),
    Flatten: lambda torch, *_: torch.nn.Flatten(),
    Identity: lambda torch, *_: torch.nn.Identity(),
    Elementwise: _to_elementwise,
    ReLU: _to_elementwise,
    Tanh: _to_elementwise,
    Sigmoid: _to_elementwise,
    MLP: _to_sequential,
    Layer: _to_layer,
    Neuron: _to_layer,
}

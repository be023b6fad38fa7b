"""Module: something with parameters, which can be listed by name, saved and loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeVar

from autodiff.ground.foreign import plain
from autodiff.ground.text import quoted
from autodiff.habits.answers import refuse_attribute
from autodiff.language.ieee import real
from autodiff.nn import saving
from autodiff.nn.nests import Shape, cells, compare, flat, mapped, shape
from autodiff.optim import write
from autodiff.recording.reverse import describe
from autodiff.recording.value import Value

__all__ = ["Module"]

M = TypeVar("M", bound="Module")


class Module:
    """Something with parameters: Values that training changes.

    Its parameters are the leaf Values among its attributes, and those of the Modules among them, also in lists
    and dicts; a subclass may override :meth:`parameters`.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.shift = Value(2.0), Value(1.0)
    ...
    ...     def __call__(self, x):
    ...         return self.slope * x + self.shift
    >>> Line().state_dict()
    {'slope': 2.0, 'shift': 1.0}

    What it computes stands in ``__call__``, or in ``forward``, as with torch: whichever a class defines is both.
    """

    training = True  # for Modules that behave otherwise while they are trained

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        own = vars(cls)
        for name, other in (("forward", "__call__"), ("__call__", "forward")):
            if name in own and other not in own:
                setattr(cls, other, own[name])

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            refuse_attribute(self, "MODULES", name)

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self.forward(*args, **keywords)

    def forward(self, *args: Any, **keywords: Any) -> Any:
        """What ``module(...)`` answers."""
        raise TypeError(f"{type(self).__name__} has neither forward nor __call__, so that it cannot be called")

    def parameters(self) -> list[Value]:
        """All its parameters, in a fixed order, each once."""
        return list(dict.fromkeys(value for _, nest in self._tensors() for value in flat(nest)))

    def tensors(self) -> dict[str, Any]:
        """The parameters by torch's names: each a Value, or a list (of lists) of them, in a fixed order.

        ``ValueError`` when a parameter is not among the attributes, so that it has no name.
        """
        mine = self.parameters()
        known = set(mine)
        found = {name: nest for name, nest in self._tensors() if known.issuperset(flat(nest))}
        lost = known.difference(value for nest in found.values() for value in flat(nest))
        if lost:
            which = describe(next(value for value in mine if value in lost))
            raise ValueError(
                f"the parameter {which} of {quoted(self)} has no name: keep it, or its Module, as an attribute"
            )
        return found

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter with its name, such as ``0.weight[1][2]``: where it stands in which of the tensors."""
        return ((name, value) for tensor, nest in self.tensors().items() for name, value in _indexed(tensor, nest))

    def modules(self) -> Iterator[Module]:
        """The Module itself and all those below it, each once, from the outside in."""
        return iter(dict.fromkeys(_modules(self, ())))

    def train(self: M, mode: bool = True) -> M:
        """Set ``training`` here and in every Module below; answers the Module. No layer of ours looks at it."""
        for module in self.modules():
            module.training = bool(mode)
        return self

    def eval(self: M) -> M:
        """``train(False)``."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters: they are "not computed" again, and read as 0.0."""
        for parameter in self.parameters():
            parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        """The parameters' numbers by name, each a number or a list (of lists) of them; the names are torch's.

        ``ValueError`` when a parameter is not among the attributes, so that it has no name.
        """
        tensors = self.tensors()
        return {name: mapped(lambda value: value.data, nest) for name, nest in tensors.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over the numbers of ``state``, which may also be lists or arrays of a torch model's: all or none.

        ``ValueError`` when names or shapes differ; ``TypeError`` when something is not a number.

        >>> line = Module()
        >>> line.weights = [Value(0.0), Value(0.0)]
        >>> line.load_state_dict({"weights": [1.0, 2.0]})
        >>> [value.data for value in line.parameters()]
        [1.0, 2.0]
        >>> line.load_state_dict({"weights": [1.0]})
        Traceback (most recent call last):
        ...
        ValueError: 'weights' has the shape (2,) in this model, and (1,) in what is to be loaded
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"a state is a dict such as state_dict() gives, got {type(state).__name__}")
        tensors = self.tensors()
        state = {name: cells(nest) if name in tensors else nest for name, nest in state.items()}
        compare(self._shapes(), state, shape)
        numbers = [real(number) for name in tensors for number in flat(state[name])]
        write([value for nest in tensors.values() for value in flat(nest)], numbers)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the parameters to a ``.json``, ``.safetensors`` or (with NumPy) ``.npz`` file, replaced whole.

        ``ValueError`` for another ending, which says what writes such files (``.pt`` ...), and for numbers that JSON
        does not have (nan, inf).
        """
        saving.save(path, self.state_dict())

    def load(self, path: str | PathLike[str]) -> None:
        """Take over the parameters that :meth:`save` wrote, or others in ``.npz`` or ``.safetensors``: all, or none.

        ``ValueError`` names a file of other names or shapes, of anything else, or damaged; what is larger than this
        model's parameters can be is refused unread.
        """
        saving.load(path, self._shapes(), self.load_state_dict)

    def _shapes(self) -> dict[str, Shape]:
        return {name: shape(nest) or () for name, nest in self.tensors().items()}

    def _members(self) -> Iterable[tuple[str, Any]]:
        return vars(self).items()

    def _tensors(self) -> Iterator[tuple[str, Any]]:
        yield from _walk("", self, ())


def _walk(name: str, item: Any, above: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """Every Value or nest of Values below ``item`` that are leaves, with the names that lead to it."""
    item = plain(item)
    if isinstance(item, Value):
        if item.op is None:
            yield name, item
    elif isinstance(item, (Module, dict, list, tuple)) and not any(item is other for other in above):
        if _is_tensor(item):
            yield name, item
            return
        for key, part in _parts(item):
            yield from _walk(f"{name}.{key}" if name else key, part, (*above, item))


def _indexed(name: str, nest: Any) -> Iterator[tuple[str, Value]]:
    if isinstance(nest, Value):
        yield name, nest
        return
    for i, part in enumerate(nest):
        yield from _indexed(f"{name}[{i}]", part)


def _modules(item: Any, above: tuple[Any, ...]) -> Iterator[Module]:
    if isinstance(item, Module):
        yield item
    if isinstance(item, (Module, dict, list, tuple)) and not any(item is other for other in above):
        for _, part in _parts(item):
            yield from _modules(part, (*above, item))


def _parts(item: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(item, Module):
        return item._members()
    return ((str(key), part) for key, part in (item.items() if isinstance(item, dict) else enumerate(item)))


def _is_tensor(item: Any) -> bool:
    """Whether it is a regular list (of lists) of leaves."""
    if not isinstance(item, (list, tuple)) or not item:
        return False
    if not all(isinstance(part, Value) and part.op is None for part in item):
        return all(map(_is_tensor, item)) and shape(item) is not None
    return True

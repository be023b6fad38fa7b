"""What a Value answers to names and operators that it does not have, and the names that micrograd has for its parts.

A foreign name is a descriptor of the class that raises ``AttributeError``: ``hasattr`` stays false, and no completion
offers it. Nothing is asked where all is well: recording a graph is as fast as without.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from numbers import Number
from typing import Any, NoReturn

from autodiff.ground.text import quoted
from autodiff.habits.answers import said_of
from autodiff.habits.callers import numpy_call
from autodiff.habits.rows import MICROGRAD

__all__ = ["Familiar"]


class _Foreign:
    """A name that a Value does not have: who asks for it, or sets it, is told what to write."""

    def __init__(self, said: str) -> None:
        self.said = said

    def __get__(self, instance: object, owner: type | None = None) -> NoReturn:
        raise AttributeError(self.said)

    def __set__(self, instance: object, value: object) -> NoReturn:
        raise AttributeError(self.said)


class NotASequenceError(TypeError, AttributeError):
    """For Python what is asked for is not there, and for who asked the kind of thing is wrong."""


class _Absent:
    """A special method that a Value does not have: Python's own words would not say what to write."""

    def __init__(self, said: str) -> None:
        self.said = said

    def __get__(self, instance: object, owner: type | None = None) -> NoReturn:
        raise NotASequenceError(self.said)


class _Refused:
    """A method that is there to be refused: who calls it by NumPy or Python would not be told otherwise."""

    def __init__(self, said: str) -> None:
        self.said = said

    def __get__(self, instance: object, owner: type | None = None) -> Callable[..., NoReturn]:
        def refused(*_: object, **__: object) -> NoReturn:
            raise TypeError(_named(self.said))

        return refused


class _Same:
    """NumPy's name for a function of the table, by which NumPy calls it."""

    def __init__(self, ours: str) -> None:
        self.ours = ours

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return getattr(owner if instance is None else instance, self.ours)


class _Unlisted(type):
    """The kind of class whose refusals are offered to nobody."""

    def __dir__(cls) -> list[str]:
        stored = {name: thing for base in reversed(cls.__mro__) for name, thing in vars(base).items()}
        return sorted(name for name in stored if not isinstance(stored[name], (_Absent, _Foreign, _Refused, _Same)))

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        # All that json asks of a thing that it cannot write, before it says so, is the name of its class.
        encoder = sys.modules.get("json.encoder")
        if encoder is not None and sys._getframe(1).f_code is encoder.JSONEncoder.default.__code__:
            raise TypeError(
                "json writes numbers, not Values: write json.dumps(x.data), Graph(y).to_json() for a graph, "
                "net.save('net.json') for the parameters of a Module"
            )
        return str(type.__dict__["__name__"].__get__(cls))


class Familiar(metaclass=_Unlisted):
    """What a Value is taken for: a number of Python's, a tensor, a node of micrograd's."""

    __slots__ = ()

    @property
    def label(self: Any) -> str:
        """Another word for its name; an empty one where it has none."""
        return str(self.name or "")

    @label.setter
    def label(self: Any, label: str | None) -> None:
        self.name = label or None

    # For code of others that draws graphs or walks them.
    _prev = property(lambda self: set(self.parents))
    _children = property(lambda self: self.parents)

    @property
    def _op(self: Any) -> str:
        if self.op is None:
            return ""
        sign = str(MICROGRAD.get(self.op.name, self.op.symbol))
        exponent = self.args[-1] if sign == "**" else None
        return f"{sign}{exponent:g}" if isinstance(exponent, float) else sign

    def _refuse_order(self, other: object) -> NoReturn:
        name = numpy_call(sys._getframe(1))
        said = said_of("COMPARING").get(name.rpartition(".")[2]) if name else None
        if said:
            raise TypeError(f"{name} would compare Values and record nothing; write {said}")
        raise TypeError(
            f"{name}: "
            * bool(name)
            + "Values cannot be compared or passed to Python's max(), min() or sorted(), or to NumPy's np.maximum, "
            "np.clip, np.max, np.argmax, np.sort or np.sign: that would record nothing. "
            "Use maximum(a, b), minimum(a, b), where(greater(a, b), x, y), sign(x), or compare numbers: a.data < b.data"
        )

    __lt__ = __le__ = __gt__ = __ge__ = _refuse_order

    def __eq__(self, other: object) -> bool:
        if _is_number(other):
            raise TypeError(
                _named(
                    "a Value is not equal to a number: == and != ask whether two are the same object. Compare its "
                    f"number, y.data == {quoted(other, 40)}, or record the comparison with equal(a, b)"
                )
            )
        return NotImplemented

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        name = numpy_call(sys._getframe(1))
        if name is None:
            return True
        said = said_of("TRUTH").get(name.rpartition(".")[2], "what is asked of their numbers, v.data")
        raise TypeError(f"{name} asks which Values are true, and all are, whatever their numbers; write {said}")

    def __float__(self) -> NoReturn:
        raise TypeError(
            _named(
                "float(x), int(x) and functions such as math.exp(x) leave the graph and record nothing; the number of "
                "a Value is x.data; a recorded function is x.exp() or autodiff.exp(x)"
            )
        )

    __int__ = __float__

    def __dir__(self) -> list[str]:
        return dir(type(self))


def _named(said: str) -> str:
    """A refusal, after the name of NumPy's function that asked for what is refused."""
    name = numpy_call(sys._getframe(2))
    return said if name is None or name in said else f"{name}: {said}"


def _is_number(x: object) -> bool:
    """Whether it is one number, of whatever library; an array is none: it compares element by element."""
    if isinstance(x, Familiar):
        return False
    return isinstance(x, Number) or (hasattr(type(x), "__float__") and not getattr(x, "ndim", 0))


def _learn() -> None:
    """Put the tables' names and operators into the class."""
    answers: dict[str, object] = {
        name: _Foreign(f"a Value has no {quoted(name)}: {said}") for name, said in said_of("ATTRIBUTES").items()
    }
    answers |= {name: _Refused(said) for name, said in said_of("CALLS").items()}
    answers |= {name: _Same(ours) for name, ours in said_of("SAME").items()}
    answers |= {name: _Absent(said) for name, said in said_of("SEQUENCE").items()}
    for name, said in said_of("OPERATORS").items():
        answers |= {f"__{name}__": _Refused(said), f"__r{name}__": _Refused(said)}
    for name, answer in answers.items():
        setattr(Familiar, name, answer)


_learn()

"""``record``: a frozen, slotted data class that costs next to nothing until it is used.

Knows: which methods a frozen data class has, and when they are made.
Refuses to know: what the records hold.

``dataclass(frozen=True, slots=True)`` writes and compiles seven methods for every class, 0.4 ms a
class. A start of the service makes a hundred classes and needs a third of them before it decides:
that was a quarter of the whole start. Here the standard library makes the fields and the slots
(0.03 ms), and a class's methods are written when one of them is called first, by whoever makes,
compares or hashes a record. A type checker sees a frozen data class, and so do
``dataclasses.fields``, ``replace``, ``asdict`` and ``match``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from inspect import Signature, signature
from typing import Any, NoReturn, TypeVar, dataclass_transform, overload

T = TypeVar("T")

_WRITTEN_LATER = ("__init__", "__eq__", "__hash__")

_METHODS = """\
def __init__({parameters}):
    {settings}
def __eq__(self, other):
    return {mine} == {theirs} if other.__class__ is self.__class__ else NotImplemented
def __hash__(self):
    return hash({mine})
"""


@overload
def record(cls: type[T], /) -> type[T]: ...
@overload
def record(*, kw_only: bool) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T] | None = None, /, *, kw_only: bool = False) -> Any:
    """Make a class a frozen, slotted data class; methods that it defines itself stay.

    ``kw_only``: its fields are given by name. Of ``dataclasses.field`` a record knows defaults,
    their factories and metadata: every field is given, shown and compared. The first use raises
    TypeError where a field asks for anything else.
    """
    if cls is None:
        return lambda given: _record(given, kw_only)
    return _record(cls, kw_only)


def _record(cls: type[T], kw_only: bool) -> type[T]:
    own = vars(cls)
    later = [name for name in _WRITTEN_LATER if name not in own]
    added: dict[str, Any] = {name: it for name, it in _SAME_FOR_ALL.items() if name not in own}
    made: type[T] = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
    added |= {name: _first_call(made, name, later) for name in later}
    if "__init__" in later:
        added["__signature__"] = _Signature(made, later)
    for name, it in added.items():
        setattr(made, name, it)
    return made


def _first_call(made: type[Any], name: str, later: list[str]) -> Callable[..., Any]:
    """Return a method that puts the real ones in its place and calls the one of its name."""

    def method(*args: Any, **kwargs: Any) -> Any:
        _complete(made, later)
        return getattr(made, name)(*args, **kwargs)

    return method


class _Signature:
    """Lets ``inspect.signature`` see the fields of a class that nobody has used yet."""

    def __init__(self, made: type[Any], later: list[str]) -> None:
        self._made, self._later = made, later

    def __get__(self, made: object, kind: type[Any]) -> Signature:
        _complete(self._made, self._later)
        whole = signature(self._made.__init__)
        return whole.replace(parameters=list(whole.parameters.values())[1:])


def _complete(made: type[Any], later: list[str]) -> None:
    """Put the real methods in the place of those that waited for a first call."""
    for name, method in _written(made).items():
        if name in later:
            method.__qualname__ = f"{made.__qualname__}.{name}"
            method.__module__ = made.__module__
            setattr(made, name, method)


def _written(made: type[Any]) -> dict[str, Callable[..., Any]]:
    """Write and compile the methods that follow from a class's fields."""
    for each in fields(made):
        if not (each.init and each.repr and each.compare and each.hash is None):
            raise TypeError(
                f"{made.__name__}: {each.name}: record leaves no field out; use dataclass"
            )
    known = sorted(fields(made), key=lambda each: each.kw_only is True)
    scope: dict[str, Any] = {}
    parameters, settings = ["self"], []
    for each in known:
        if each.kw_only and "*" not in parameters:
            parameters.append("*")
        parameter, value = _given(each, scope)
        parameters.append(parameter)
        # The slot's own setter: unlike ``setattr`` it does not ask the class, which would refuse.
        scope[f"_set_{each.name}"] = getattr(made, each.name).__set__
        settings.append(f"_set_{each.name}(self, {value})")
    if hasattr(made, "__post_init__"):
        settings.append("self.__post_init__()")
    source = _METHODS.format(
        parameters=", ".join(parameters),
        settings="; ".join(settings) or "pass",
        mine=_values("self", fields(made)),
        theirs=_values("other", fields(made)),
    )
    exec(source, scope)
    scope["__init__"].__annotations__ = {each.name: each.type for each in known}
    return {name: scope[name] for name in _WRITTEN_LATER}


def _given(each: Field[Any], scope: dict[str, Any]) -> tuple[str, str]:
    """Return a field as a parameter of ``__init__``, and as the value that is set."""
    name = each.name
    if each.default is not MISSING:
        scope[f"_default_{name}"] = each.default
        return f"{name}=_default_{name}", name
    if each.default_factory is not MISSING:
        scope["_MISSING"] = MISSING
        scope[f"_make_{name}"] = each.default_factory
        return f"{name}=_MISSING", f"_make_{name}() if {name} is _MISSING else {name}"
    return name, name


def _values(of: str, known: tuple[Field[Any], ...]) -> str:
    return f"({''.join(f'{of}.{each.name}, ' for each in known)})"


def _repr(self: Any) -> str:
    told = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self))
    return f"{type(self).__qualname__}({told})"


def _refuse_change(self: object, name: str, value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_removal(self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    """Return what is pickled and copied: the fields' values, in their order."""
    return [getattr(self, each.name) for each in fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)


_SAME_FOR_ALL: dict[str, Callable[..., Any]] = {
    "__repr__": _repr,
    "__setattr__": _refuse_change,
    "__delattr__": _refuse_removal,
    "__getstate__": _state,
    "__setstate__": _restore,
}

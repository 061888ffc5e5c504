"""Frozen values as plain lists, tables, numbers and words, and back: for a store or a journal.

Knows: dataclasses, named tuples, enums, tuples, frozen sets and options, by their type hints.
Refuses to know: JSON, files, and what any value means.
"""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from itertools import repeat
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class NotPlainError(ValueError):
    """A plain value does not fit its type. The message says where and what."""


def to_plain(value: object) -> Any:
    """Return ``value`` made of dict, list, str, int, bool and None; sets come sorted."""
    kind: Any = type(value)
    names = _names_of(kind)
    if names is not None:
        return {name: to_plain(getattr(value, name)) for name in names}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted((to_plain(item) for item in value), key=str)
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: type[T], plain: object, where: str = "") -> T:
    """Return the ``kind`` that ``to_plain`` made ``plain`` of; absent fields keep their default.

    Raises NotPlainError for a value that does not fit, naming its place.
    """
    value: T = _read(kind, plain, where or kind.__name__)
    return value


@lru_cache(maxsize=64)
def _names_of(kind: Any) -> tuple[str, ...] | None:
    """Return the names of a dataclass's or a named tuple's fields; None: it is neither."""
    if is_dataclass(kind):
        return tuple(item.name for item in fields(kind))
    names: tuple[str, ...] | None = getattr(kind, "_fields", None)
    return names


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, plain: Any, where: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _read_union(arguments, plain, where)
    if origin is tuple:
        return _read_tuple(arguments, plain, where)
    if origin is frozenset:
        return frozenset(_read(arguments[0], item, where) for item in _list(plain, where))
    if _names_of(kind) is not None:
        return _read_fields(kind, plain, where)
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(plain)
        except ValueError:
            raise NotPlainError(f"{where}: {plain!r} is no {kind.__name__}") from None
    if isinstance(plain, kind) and isinstance(plain, bool) is (kind is bool):
        return plain
    raise NotPlainError(f"{where}: {plain!r} is no {kind.__name__}")


def _read_union(arguments: tuple[Any, ...], plain: Any, where: str) -> Any:
    if plain is None and type(None) in arguments:
        return None
    (kind,) = (argument for argument in arguments if argument is not type(None))
    return _read(kind, plain, where)


def _read_tuple(arguments: tuple[Any, ...], plain: Any, where: str) -> Any:
    items = _list(plain, where)
    if arguments[-1] is Ellipsis:
        return tuple(_read(arguments[0], item, where) for item in items)
    if len(items) != len(arguments):
        raise NotPlainError(f"{where}: {len(items)} items where {len(arguments)} belong")
    return tuple(map(_read, arguments, items, repeat(where)))


def _read_fields(kind: Any, plain: Any, where: str) -> Any:
    if not isinstance(plain, dict):
        raise NotPlainError(f"{where}: {plain!r} is no table")
    hints = _hints(kind)
    unknown = sorted(set(plain) - set(hints))
    if unknown:
        raise NotPlainError(f"{where}: unknown {', '.join(map(str, unknown))}")
    return kind(
        **{name: _read(hints[name], value, f"{where}.{name}") for name, value in plain.items()}
    )


def _list(plain: Any, where: str) -> list[Any]:
    if not isinstance(plain, list):
        raise NotPlainError(f"{where}: {plain!r} is no list")
    return plain

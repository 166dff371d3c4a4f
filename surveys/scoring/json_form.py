"""Frozen dataclasses as JSON and back: decimals as their digits, enums as their text."""

import json
from collections.abc import Mapping
from dataclasses import is_dataclass
from decimal import Decimal
from functools import cache
from hashlib import sha256
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Made = TypeVar("Made")


def write_json(value: object) -> str:
    """Return a dataclass as one canonical line of JSON."""
    return _ENCODER.encode(value)


def read_json(kind: type[Made], text: str) -> Made:
    """Return the dataclass that a line of JSON holds; a part too many or too few is an error."""
    made: Made = _made(kind, json.loads(text))
    return made


@cache
def form_of(kind: type) -> str:
    """Return 16 digits that stand for the names and kinds of all parts of a dataclass.

    What was written in another form cannot be read; who knows the form need not try.
    """
    return sha256(_described(kind).encode()).hexdigest()[:16]


def _described(kind: Any) -> str:
    whole: Any = kind
    if is_dataclass(kind):
        parts = [f"{name}:{_described(hint)}" for name, hint in sorted(_hints(whole).items())]
        return f"{{{','.join(parts)}}}"
    if inner := get_args(kind):
        return f"({','.join(map(_described, inner))})"
    return "…" if kind is Ellipsis else kind.__name__


def _plain(value: Any) -> Any:
    """Return what JSON has no form for in one that it has; texts and tuples it knows itself."""
    if isinstance(value, Decimal):
        return format(value, "f")
    kind: Any = type(value)
    return {name: getattr(value, name) for name in _names(kind)}


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(sorted(kind.__dataclass_fields__))


# Values hold no cycles and names are in order already: what is not checked costs nothing.
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, separators=(",", ":"), default=_plain
)


def _made(kind: Any, value: Any) -> Any:
    if isinstance(kind, UnionType):  # of a kind and None
        if value is None:
            return None
        return _made(next(part for part in get_args(kind) if part is not type(None)), value)
    if get_origin(kind) is tuple:
        return _made_tuple(get_args(kind), value)
    return _made_dataclass(kind, value) if is_dataclass(kind) else kind(value)


def _made_dataclass(kind: Any, value: dict[str, Any]) -> Any:
    hints = _hints(kind)
    if hints.keys() != value.keys():
        raise ValueError(f"{kind}: {sorted(hints.keys() ^ value.keys())}")
    return kind(**{name: _made(hint, value[name]) for name, hint in hints.items()})


def _made_tuple(kinds: tuple[Any, ...], value: list[Any]) -> tuple[Any, ...]:
    """Return `tuple[X, ...]` or a tuple of fixed parts."""
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_made(kinds[0], part) for part in value)
    return tuple(_made(kind, part) for kind, part in zip(kinds, value, strict=True))


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)

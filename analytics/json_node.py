"""A JSON value read strictly, so that every fault can name its path."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from analytics.faults import N_, RuleFault

Choice = TypeVar("Choice", bound=StrEnum)

MAX_DOCUMENT_CHARACTERS = 1_000_000
MAX_WORDS = 200
_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,12})?", re.ASCII)
_CODE = re.compile(r"\w[\w.-]{0,39}")


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a JSON document and the path that leads to it."""

    value: Any
    path: str = ""

    def refuse(self, message: str, **values: object) -> NoReturn:
        """Raise a fault that names this place."""
        raise RuleFault(message, self.path, **values)

    def members(self, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> "Members":
        """Return the members of an object; refuse missing and unknown names."""
        members = self.mapping()
        for name in members:
            if name not in required and name not in optional:
                members[name].refuse(N_("this name is not known here"))
        for name in required:
            if name not in members:
                self.at(name).refuse(N_("this is missing"))
        return members

    def mapping(self) -> "Members":
        """Return the members of an object whose names are free."""
        if not isinstance(self.value, Mapping):
            self.refuse(N_("an object is expected here"))
        return {str(name): Node(value, self._join(str(name))) for name, value in self.value.items()}

    def list(self, at_least: int = 0, at_most: int = 100) -> "list[Node]":
        """Return the entries of a list whose length is within bounds."""
        if not isinstance(self.value, list | tuple):
            self.refuse(N_("a list is expected here"))
        if not at_least <= len(self.value) <= at_most:
            self.refuse(
                N_("%(least)d to %(most)d entries are expected here, not %(count)d"),
                least=at_least,
                most=at_most,
                count=len(self.value),
            )
        return [Node(entry, f"{self.path}[{place}]") for place, entry in enumerate(self.value)]

    def words(self, *, required: bool = True) -> str:
        """Return words that a person reads."""
        if not isinstance(self.value, str):
            self.refuse(N_("words are expected here"))
        text = self.value.strip()
        if required and not text:
            self.refuse(N_("words are expected here"))
        if len(text) > MAX_WORDS or not text.isprintable():
            self.refuse(N_("at most %(most)d printable characters are allowed"), most=MAX_WORDS)
        return text

    def code(self) -> str:
        """Return a code: letters, digits, `_`, `-` and `.`, at most 40."""
        if not isinstance(self.value, str) or not _CODE.fullmatch(self.value):
            self.refuse(N_("a code is 1 to 40 letters, digits, “_”, “-” or “.”"))
        return self.value

    def number(self, low: int, high: int) -> Decimal:
        """Return a decimal within bounds, given as a number or as text."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float | str | Decimal):
            self.refuse(N_("a number is expected here"))
        text = format(self.value, "f") if isinstance(self.value, Decimal) else str(self.value)
        if not _NUMBER.fullmatch(text):
            self.refuse(N_("a number is expected here"))
        number = Decimal(text)
        if not low <= number <= high:
            self.refuse(N_("a number from %(low)d to %(high)d is expected"), low=low, high=high)
        return number

    def count(self, low: int, high: int) -> int:
        """Return a whole number within bounds."""
        number = self.number(low, high)
        if number != int(number):
            self.refuse(N_("a whole number is expected here"))
        return int(number)

    def choice(self, kind: type[Choice]) -> Choice:
        """Return one of the words of an enumeration."""
        if not isinstance(self.value, str) or self.value not in tuple(kind):
            self.refuse(N_("one of these is expected: %(choices)s"), choices=", ".join(kind))
        return kind(self.value)

    def truth(self) -> bool:
        """Return true or false."""
        if not isinstance(self.value, bool):
            self.refuse(N_("true or false is expected here"))
        return self.value

    def at(self, name: str) -> "Node":
        """Return the place of a member, whether it exists or not."""
        return Node(None, self._join(name))

    def _join(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


Members = dict[str, Node]


def read_document(document: Mapping[str, Any] | str) -> Node:
    """Return the root of a document that is JSON text or already a mapping."""
    if not isinstance(document, str):
        return Node(document)
    if len(document) > MAX_DOCUMENT_CHARACTERS:
        raise RuleFault(N_("the document is too long"))
    try:
        return Node(
            json.loads(
                document.removeprefix("\ufeff"),
                parse_float=_number,
                parse_int=_number,
                parse_constant=_no_constant,
                object_pairs_hook=_members_once,
            )
        )
    except json.JSONDecodeError as fault:
        raise RuleFault(
            N_("this is not JSON: line %(line)d, column %(column)d"),
            line=fault.lineno,
            column=fault.colno,
        ) from fault
    except RecursionError as fault:
        raise RuleFault(N_("the document is nested too deeply")) from fault


def _number(text: str) -> str | Decimal:
    """Return a decimal, or the text itself where it is no plain number."""
    return Decimal(text) if _NUMBER.fullmatch(text) else text


def _no_constant(text: str) -> NoReturn:
    raise RuleFault(N_("“%(value)s” is not a number"), value=text)


def _members_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RuleFault(N_("“%(name)s” stands twice in one object"), name=twice)
    return members

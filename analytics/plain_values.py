"""Frozen results as plain values that JSON can hold, with all their digits."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from math import isfinite
from typing import Any

import numpy as np


def plain_value(value: Any) -> Any:
    """Return a result as dictionaries, lists, numbers, texts and None.

    A dataclass becomes a dictionary of its fields. Floats keep every digit; NaN and infinity, which
    JSON does not know, become None. Exact figures become text.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain_value(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.ndarray):
        return plain_value(value.tolist())
    if isinstance(value, Mapping):
        return {str(plain_value(key)): plain_value(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_value(one) for one in value]
    return _plain_number(value)


def _plain_number(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Decimal | Fraction):
        return str(value)
    return value

"""Numbers of 64 bits that stand for patterns and pieces of text, the same on every machine."""

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_STEP = np.uint64(0x9E3779B97F4A7C15)


def mixed(values: Hashes) -> Hashes:
    """Return values with all bits stirred, one to one (SplitMix64: Steele, Lea, Flood 2014)."""
    stirred = values + _STEP
    stirred = (stirred ^ (stirred >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    stirred = (stirred ^ (stirred >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    found: Hashes = stirred ^ (stirred >> np.uint64(31))
    return found


def numbered(count: int, stream: int = 0) -> Hashes:
    """Return so many hashes of running numbers; another stream gives unrelated ones."""
    return mixed(np.arange(count, dtype=np.uint64) + (np.uint64(stream) << np.uint64(32)))


def row_hashes(table: NDArray[np.integer]) -> Hashes:
    """Return a hash of each row of small whole numbers, -1 the least of them."""
    total = np.zeros(len(table), np.uint64)
    for column, factor in zip(table.T, numbered(table.shape[1], 1), strict=True):
        total += (column.astype(np.int64) + 2).astype(np.uint64) * (factor | np.uint64(1))
    return mixed(total)

"""A bounded memory of what is costly to make and may be shared by all requests."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Memory(Generic[Value]):
    """Remembers so many values; the one that was asked for longest ago goes first.

    With `seconds` a value older than that is made again.
    """

    def __init__(self, size: int, seconds: float = float("inf")) -> None:
        self._size = size
        self._seconds = seconds
        self._values: OrderedDict[Hashable, tuple[float, Value]] = OrderedDict()
        self._lock = Lock()

    def known(self, key: Hashable) -> Value | None:
        """Return the value of a key if it is known and fresh."""
        with self._lock:
            found = self._values.get(key)
        if found is None or time.monotonic() - found[0] > self._seconds:
            return None
        return found[1]

    def get(
        self,
        key: Hashable,
        make: Callable[[], Value],
        excused: tuple[type[Exception], ...] = (),
    ) -> Value:
        """Return the value of a key, made now if it is not known.

        Where making it again fails in an excused way, what was known before is good enough. Two
        threads may make the same value at once: that costs less than waiting for each other.
        """
        asked_at = time.monotonic()
        with self._lock:
            known = self._values.get(key)
            if known is not None and asked_at - known[0] <= self._seconds:
                self._values.move_to_end(key)
                return known[1]
        try:
            value = make()
        except excused:
            if known is None:
                raise
            return known[1]
        with self._lock:
            self._values[key] = asked_at, value
            self._values.move_to_end(key)
            while len(self._values) > self._size:
                self._values.popitem(last=False)
        return value

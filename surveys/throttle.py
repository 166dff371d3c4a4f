"""How often: budgets of failed attempts, shared through Redis when it is set."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from surveys.circuit import NO_RETRY, WAIT_SECONDS, Circuit
from surveys.refusals import Refusal, TooManyTries

SIGN_IN = RateLimitItemPerMinute(10, 5, namespace="sign-in")
TOKEN_MISSES = RateLimitItemPerMinute(60, 5, namespace="token-misses")
# Hundreds of phones may share one address, and a receipt is one of 2^60.
RECEIPT_MISSES = RateLimitItemPerMinute(600, 5, namespace="receipt-misses")


class Throttle:
    """Budgets of misses per key; falls back to this process's memory when Redis is gone."""

    def __init__(self, redis_url: str | None) -> None:
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._url = redis_url
        self._circuit = Circuit("budgets")
        self._made: FixedWindowRateLimiter | None = None

    def check(self, budget: RateLimitItemPerMinute, *key: str) -> None:
        """Refuse when the budget of this key is used up; costs nothing."""
        if not self._ask("test", budget, key):
            raise TooManyTries

    def miss(self, budget: RateLimitItemPerMinute, *key: str) -> None:
        """Take one from the budget of this key."""
        self._ask("hit", budget, key)

    @contextmanager
    def sparing(
        self, budget: RateLimitItemPerMinute, missed: type[Refusal], *key: str
    ) -> Iterator[None]:
        """Refuse when the budget is used up; take one from it where the work ends in this no."""
        self.check(budget, *key)
        try:
            yield
        except missed:
            self.miss(budget, *key)
            raise

    def _ask(self, verb: str, budget: RateLimitItemPerMinute, key: tuple[str, ...]) -> bool:
        answer: bool | None = None
        if self._url is not None:
            answer = self._circuit.ask(lambda: getattr(self._shared(), verb)(budget, *key), None)
        return bool(getattr(self._own, verb)(budget, *key) if answer is None else answer)

    def _shared(self) -> FixedWindowRateLimiter:
        # Made by the first use: a cluster that is away must not stop the start.
        if self._made is None:
            waits: dict[str, Any] = {
                "socket_timeout": WAIT_SECONDS,
                "socket_connect_timeout": WAIT_SECONDS,
                "retry": NO_RETRY,
            }
            storage = storage_from_string(self._url or "", wrap_exceptions=False, **waits)
            assert isinstance(storage, Storage)  # noqa: S101 - narrows the library's union type
            self._made = FixedWindowRateLimiter(storage)
        return self._made

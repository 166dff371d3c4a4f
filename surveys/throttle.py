"""How often: budgets of failed attempts, shared through Redis when it is set."""

import logging

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from surveys.refusals import TooManyTries

log = logging.getLogger(__name__)

SIGN_IN = RateLimitItemPerMinute(10, 5, namespace="sign-in")
TOKEN_MISSES = RateLimitItemPerMinute(60, 5, namespace="token-misses")


class Throttle:
    """Budgets of misses per key; falls back to this process's memory when Redis is gone."""

    def __init__(self, redis_url: str | None) -> None:
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._shared: FixedWindowRateLimiter | None = None
        if redis_url:
            storage = storage_from_string(redis_url, wrap_exceptions=False)
            assert isinstance(storage, Storage)  # noqa: S101 - narrows the library's union type
            self._shared = FixedWindowRateLimiter(storage)

    def check(self, budget: RateLimitItemPerMinute, *key: str) -> None:
        """Refuse when the budget of this key is used up; costs nothing."""
        if not self._ask("test", budget, key):
            raise TooManyTries

    def miss(self, budget: RateLimitItemPerMinute, *key: str) -> None:
        """Take one from the budget of this key."""
        self._ask("hit", budget, key)

    def _ask(self, verb: str, budget: RateLimitItemPerMinute, key: tuple[str, ...]) -> bool:
        if self._shared is not None:
            try:
                return bool(getattr(self._shared, verb)(budget, *key))
            except Exception:  # any fault of the cache must not stop people
                log.warning("redis is not answering: budgets are kept in this process")
        return bool(getattr(self._own, verb)(budget, *key))

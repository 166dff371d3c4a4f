"""Budgets of failed attempts, in this process and shared through Redis."""

import os

import pytest
from limits import RateLimitItemPerHour

from surveys.refusals import TooManyTries
from surveys.throttle import Throttle


def redis_url():
    url = os.environ.get("PINGYI_TEST_REDIS")
    if not url:
        pytest.fail("PINGYI_TEST_REDIS is not set: run the tests with `make test`")
    return url


STORES = [
    pytest.param(lambda: None, id="in this process"),
    pytest.param(redis_url, id="redis", marks=pytest.mark.postgres),
    pytest.param(lambda: "redis://127.0.0.1:1/0", id="redis is gone"),
]


@pytest.mark.parametrize("store", STORES)
def test_a_budget_is_used_up_by_misses_only(store, request):
    throttle = Throttle(store())
    budget = RateLimitItemPerHour(3, namespace=f"test {os.getpid()} {request.node.name}")
    for _ in range(20):
        throttle.check(budget, "someone")
    for _ in range(3):
        throttle.check(budget, "someone")
        throttle.miss(budget, "someone")
    with pytest.raises(TooManyTries):
        throttle.check(budget, "someone")
    throttle.check(budget, "somebody else")

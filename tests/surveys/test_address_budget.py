"""Ballots by address: counted over ten minutes, told between processes, never written down."""

import os
import secrets

import pytest
from redis import Redis

from surveys.address_budget import (
    FADING_SECONDS,
    MOST_ADDRESSES,
    STEP,
    AddressBudget,
    network_of,
)

SECRET = b"a key for tests, long enough to be one"
SCHOOL = "203.0.113.7"


class Clock:
    """A clock that a test turns."""

    def __init__(self):
        self.now = 1000.0 * FADING_SECONDS

    def __call__(self):
        return self.now


def counted(budget, address=SCHOOL, times=1):
    for _ in range(times):
        budget.count(address)
    return budget.level(address)


def test_each_address_has_a_budget_of_its_own():
    budget = AddressBudget(None, SECRET)
    assert counted(budget, times=40) == 40
    assert budget.level("203.0.113.8") == 0


def test_the_figure_is_the_same_whenever_a_window_begins():
    levels = []
    for shift in (0, 299, 450):
        clock = Clock()
        clock.now += shift
        budget = AddressBudget(None, SECRET, clock)
        for _ in range(200):
            counted(budget)
            clock.now += 2
        levels.append(budget.level(SCHOOL))
    # By hand: the sum of exp(-2k/600) for k = 1 to 200.
    assert levels == [146, 146, 146]


def test_asking_costs_nothing():
    budget = AddressBudget(None, SECRET)
    assert [budget.level(SCHOOL) for _ in range(50)] == [0] * 50


@pytest.mark.parametrize(
    ("seconds", "level"),
    [
        pytest.param(6, 99, id="six seconds: one in a hundred"),
        pytest.param(FADING_SECONDS - 1, 37, id="e times less: 100 / 2.71 at the end of a window"),
        pytest.param(FADING_SECONDS, 37, id="and at the beginning of the next"),
        pytest.param(FADING_SECONDS * 3 / 2, 22, id="100 / 2.718 ** 1.5"),
        pytest.param(FADING_SECONDS * 2, 0, id="two windows later nothing is known"),
        pytest.param(FADING_SECONDS * 9, 0, id="much later"),
        pytest.param(-FADING_SECONDS, 0, id="a clock that was set back"),
    ],
)
def test_what_came_fades(seconds, level):
    clock = Clock()
    budget = AddressBudget(None, SECRET, clock)
    counted(budget, times=100)
    clock.now += seconds
    assert budget.level(SCHOOL) == level
    assert counted(budget) == level + 1


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        pytest.param("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True, id="one network of IPv6"),
        pytest.param("2001:db8:1:2::1", "2001:db8:1:3::1", False, id="two networks of IPv6"),
        pytest.param("::ffff:203.0.113.7", SCHOOL, True, id="IPv4 written as IPv6"),
        pytest.param("203.0.113.7:4711", "203.0.113.7:4712", False, id="not an address at all"),
    ],
)
def test_what_shares_a_budget(one, other, is_same):
    budget = AddressBudget(None, SECRET)
    counted(budget, one, 7)
    assert budget.level(other) == (7 if is_same else 0)


@pytest.mark.parametrize("address", ["", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_a_proxy_that_was_not_told_of_has_no_budget(address):
    assert network_of(address) is None
    assert counted(AddressBudget(None, SECRET), address, 50) == 0


def test_only_so_many_addresses_are_told_apart_and_the_known_ones_go_on():
    budget = AddressBudget(None, SECRET)
    counted(budget)
    for number in range(MOST_ADDRESSES):
        budget.count(f"10.{number}")
    assert counted(budget, "198.51.100.1") == 0
    assert counted(budget) == 2


def test_without_redis_it_goes_on_by_itself():
    budget = AddressBudget("redis://127.0.0.1:1/0", SECRET)
    assert counted(budget, times=3 * STEP) == 3 * STEP


@pytest.fixture
def redis_url():
    url = os.environ.get("PINGYI_TEST_REDIS")
    if not url:
        pytest.fail("PINGYI_TEST_REDIS is not set: run the tests with `make test`")
    return url


@pytest.mark.postgres
def test_processes_tell_each_other_and_no_address_leaves_them(redis_url):
    secret = secrets.token_bytes(32)  # its own names in Redis
    clock = Clock()
    first, second = (AddressBudget(redis_url, secret, clock) for _ in range(2))
    client = Redis.from_url(redis_url)
    before = set(client.keys("pingyi:address:*"))
    counted(first, times=STEP - 1)
    assert set(client.keys("pingyi:address:*")) == before, "a home stays in its process"
    counted(first, times=STEP + 1)
    assert counted(second, times=STEP) == 3 * STEP
    [name] = set(client.keys("pingyi:address:*")) - before
    assert SCHOOL.encode() not in name
    assert 0 < client.ttl(name) <= 2 * FADING_SECONDS
    clock.now += FADING_SECONDS
    counted(first, times=STEP)
    [later] = set(client.keys("pingyi:address:*")) - before - {name}
    assert later.rpartition(b":")[2] != name.rpartition(b":")[2], "no name lasts"

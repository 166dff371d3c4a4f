"""The memory that processes share: what is found is what was put, and every fault is a miss."""

import os
import socket
import threading
import time

import pytest
import redis

from surveys import cache
from surveys.cache import SharedPages
from surveys.circuit import REST_SECONDS, Circuit
from tests.services.servers import free_port

KEY = b"a key for tests, long enough to be one"
PAGE = "一页".encode() * 100


def redis_url():
    url = os.environ.get("PINGYI_TEST_REDIS")
    if not url:
        pytest.fail("PINGYI_TEST_REDIS is not set: run the tests with `make test`")
    return url


@pytest.fixture
def key(request):
    return f"{os.getpid()} {request.node.name} {time.monotonic_ns()}"


@pytest.mark.postgres
def test_what_one_process_keeps_another_finds(key):
    SharedPages(redis_url(), KEY).put(key, PAGE)
    assert SharedPages(redis_url(), KEY).get(key) == PAGE
    assert SharedPages(redis_url(), KEY).get(key + "?") is None


@pytest.mark.postgres
def test_a_page_does_not_stay_for_ever(key):
    SharedPages(redis_url(), KEY).put(key, PAGE, seconds=7)
    assert 0 < redis.Redis.from_url(redis_url()).ttl(cache._name(key)) <= 7


def planted(store, name, other):
    store.set(name, b"x" * 32 + PAGE)


def cut(store, name, other):
    store.set(name, store.get(name)[:-1])


def moved(store, name, other):
    store.set(name, store.get(other))


def of_another_type(store, name, other):
    store.delete(name)
    store.rpush(name, "x")


def gone(store, name, other):
    store.flushdb()


@pytest.mark.postgres
@pytest.mark.parametrize("harm", [planted, cut, moved, of_another_type, gone])
def test_what_we_did_not_put_there_is_not_believed(key, harm):
    url = redis_url().rpartition("/")[0] + "/9"  # emptied below: others use the first
    pages = SharedPages(url, KEY)
    pages.put(key, PAGE)
    pages.put(f"{key} other", b"another page")
    assert pages.get(key) == PAGE
    store = redis.Redis.from_url(url)
    harm(store, cache._name(key), cache._name(f"{key} other"))
    assert pages.get(key) is None
    pages.put(key, PAGE)
    assert pages.get(key) == PAGE, "and it mends itself"


@pytest.mark.postgres
def test_another_installation_s_key_opens_nothing(key):
    SharedPages(redis_url(), KEY).put(key, PAGE)
    assert SharedPages(redis_url(), KEY[::-1]).get(key) is None


@pytest.mark.parametrize("url", [None, "redis://127.0.0.1:1/0", "redis+cluster://127.0.0.1:1"])
def test_without_a_redis_there_is_only_a_miss(url, key):
    pages = SharedPages(url, KEY)
    pages.put(key, PAGE)
    assert pages.get(key) is None


def test_a_server_that_never_answers_is_asked_once_and_then_left_alone(key):
    """Of many threads one waits; nobody waits again before the rest is over."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        pages = SharedPages(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", KEY)
        assert pages.get(key) is None
        threads = [threading.Thread(target=pages.get, args=(key,)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        connections = 0
        silent.settimeout(0.05)
        with pytest.raises(TimeoutError):
            while True:
                silent.accept()[0].close()
                connections += 1
    assert connections == 1


def test_a_rest_ends_with_one_trial():
    moment = [100.0]
    asked = []

    def fail():
        asked.append(moment[0])
        raise redis.ConnectionError

    circuit = Circuit("test", clock=lambda: moment[0])
    for seconds in (0, 1, REST_SECONDS - 1.01, 0.02, 1):
        moment[0] += seconds
        assert circuit.ask(fail, "none") == "none"
    assert asked == [100.0, pytest.approx(100 + REST_SECONDS, abs=0.1)]
    moment[0] += REST_SECONDS
    assert circuit.ask(lambda: "answer", "none") == "answer"
    assert circuit.ask(lambda: "answer", "none") == "answer", "and from now on everybody asks"


@pytest.mark.parametrize("fault", [OSError, ValueError, redis.TimeoutError, redis.RedisError])
def test_no_fault_of_a_client_reaches_people(fault):
    def fail():
        raise fault

    assert Circuit("test").ask(fail, "none") == "none"


def test_a_refused_command_is_no_reason_to_rest():
    circuit = Circuit("test")

    def refuse():
        raise redis.ResponseError("WRONGTYPE")

    assert circuit.ask(refuse, None) is None
    assert circuit.ask(lambda: "answer", None) == "answer"


def test_nothing_listens_on_a_free_port(key):
    assert SharedPages(f"redis://127.0.0.1:{free_port()}/0", KEY).get(key) is None

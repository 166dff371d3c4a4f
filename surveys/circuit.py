"""Redis, asked in such a way that a dead one costs nothing: short waits, then a rest."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import RedisClusterException, RedisError, ResponseError
from redis.retry import Retry

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")
Client = Redis | RedisCluster

REST_SECONDS = 5.0
WAIT_SECONDS = 0.2
NO_RETRY = Retry(NoBackoff(), 0)
FAULTS = (RedisError, RedisClusterException, OSError)
CLUSTER = "redis+cluster"


class Circuit:
    """Asks a server; after a fault leaves it alone for a while, and then lets one caller try."""

    def __init__(
        self,
        name: str,
        rest_seconds: float = REST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._clock = clock
        self._rest_seconds = rest_seconds
        self._lock = threading.Lock()
        self._resting_until = 0.0
        self._is_broken = False

    def ask(self, question: Callable[[], Answer], otherwise: Answer) -> Answer:
        """Return the answer, or `otherwise` when there is none now."""
        if not self._may_try():
            return otherwise
        try:
            answer = question()
        except ResponseError as no:  # it lives, and does not want this one command
            log.warning("%s: redis refuses a command: %s", self._name, no)
            self._mend()
            return otherwise
        except Exception as fault:  # whatever it is, it must not stop people
            self.rest(type(fault).__name__)
            return otherwise
        self._mend()
        return answer

    def rest(self, reason: str) -> None:
        """Leave the server alone for a while from now on."""
        with self._lock:
            was_broken, self._is_broken = self._is_broken, True
            self._resting_until = self._clock() + self._rest_seconds
        if not was_broken:
            log.warning("%s: redis is left alone for now (%s)", self._name, reason)

    def _may_try(self) -> bool:
        if not self._is_broken:
            return True
        with self._lock:
            if self._clock() < self._resting_until:
                return False
            # Everybody else goes on resting until this caller knows more.
            self._resting_until = self._clock() + self._rest_seconds
            return True

    def _mend(self) -> None:
        if self._is_broken:
            self._is_broken = False
            log.warning("%s: redis answers again", self._name)


def connect(url: str, wait_seconds: float = WAIT_SECONDS) -> Client:
    """Return a client of a Redis, or of a cluster (`redis+cluster://host:port,host:port`).

    No command is repeated by the client itself: what a command without an answer did is not known.
    """
    waits: dict[str, Any] = {"socket_timeout": wait_seconds, "socket_connect_timeout": wait_seconds}
    parts = urlsplit(url)
    if parts.scheme != CLUSTER:
        return Redis.from_url(url, retry=NO_RETRY, **waits)
    sign_in, _, hosts = parts.netloc.rpartition("@")
    name, _, password = sign_in.partition(":")
    return RedisCluster(
        startup_nodes=[_node(host) for host in hosts.split(",")],
        username=unquote(name) or None,
        password=unquote(password) or None,
        retry=NO_RETRY,
        **waits,
    )


def node_of(client: Client, key: str) -> Redis:
    """Return the client of the one server that holds a key."""
    if isinstance(client, Redis):
        return client
    node = client.get_node_from_key(key)  # type: ignore[no-untyped-call]
    connection = None if node is None else client.get_redis_connection(node)
    if not isinstance(connection, Redis):
        raise Unreachable(f"no server of the cluster holds {key}")
    return connection


def _node(text: str) -> ClusterNode:
    host, _, port = text.rpartition(":")
    return ClusterNode(host.strip("[]"), int(port))  # type: ignore[no-untyped-call]

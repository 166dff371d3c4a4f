"""How many ballots came from one network address lately: a figure in memory, written down nowhere.

Behind one address may be a phone, a school or a whole carrier. So it is never a reason to refuse
somebody for good: many ballots are marked first, then asked to wait, and only as long as they come.
"""

import hashlib
import ipaddress
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from surveys.circuit import Circuit, Client, connect

# A ballot counts in full when it comes and less with every second: e times less after ten minutes.
# Of N ballots that came at once, N / 600 are forgotten in the next second, so who has to wait comes
# through at that pace and not when some window ends.
FADING_SECONDS = 600
# More than a hall that answers together, or an office in its break: from here on ballots are marked
# and counted, so that the office sees the figure with and without them.
BALLOTS_FLAGGED = 300
# Five such halls at once. Who has a device mark (and did the work where it is asked for) goes on
# as before; a program that sends ballots without asking for pages has to wait.
BALLOTS_SLOWED = 1_500
# Some seventeen a second from one address for ten minutes is no crowd of people any more.
BALLOTS_REFUSED = 10_000

# So many addresses are told apart (about 6 MB); those that come later have no budget.
MOST_ADDRESSES = 50_000
# A process tells the others after so many ballots of one address: most homes never reach it.
STEP = 20
# Of IPv6 everybody has a network of this length, and 2 ** 64 addresses in it.
IPV6_PREFIX_BYTES = 8


@dataclass
class _Window:
    """Ten minutes: ballots by the digest of their address, under a key that nobody keeps."""

    number: int
    key: bytes = b""
    own: dict[bytes, float] = field(default_factory=dict)  # counted here, not yet told to others
    shared: dict[bytes, float] = field(default_factory=dict)  # all, as told to this process last

    def weight(self, now: float) -> float:
        """Return what a ballot weighs at a moment, as seen from the window's beginning.

        What comes later weighs more: adding is then all that processes need to do together, and
        dividing by the weight of now makes everything fade (forward decay).
        """
        return math.exp(now / FADING_SECONDS - self.number)

    def name(self, network: bytes) -> bytes:
        return hashlib.blake2b(network, key=self.key, digest_size=12).digest()

    def level(self, network: bytes, now: float) -> float:
        if not self.own and not self.shared:
            return 0
        name = self.name(network)
        return (self.own.get(name, 0) + self.shared.get(name, 0)) / self.weight(now)


class AddressBudget:
    """Counts ballots by address, together with other processes where Redis is set."""

    def __init__(
        self,
        redis_url: str | None,
        secret_key: bytes,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = redis_url
        self._secret = secret_key
        self._clock = clock
        self._circuit = Circuit("addresses")
        self._client: Client | None = None
        self._lock = threading.Lock()
        self._current = self._before = _Window(-1)

    def level(self, address: str) -> int:
        """Return about how many ballots came from an address within the last ten minutes."""
        network = network_of(address)
        if network is None:
            return 0
        now = self._turn()
        return round(self._current.level(network, now) + self._before.level(network, now))

    def count(self, address: str) -> None:
        """Take note of a ballot from an address."""
        network = network_of(address)
        if network is None:
            return
        now = self._turn()
        window = self._current
        name, weight = window.name(network), window.weight(now)
        with self._lock:
            if name not in window.own and len(window.own) >= MOST_ADDRESSES:
                return
            window.own[name] = waiting = window.own.get(name, 0) + weight
            is_to_be_told = self._url is not None and waiting >= STEP * weight
            if is_to_be_told:
                window.own[name] = 0
        if is_to_be_told:
            self._tell(window, name, waiting)

    def _turn(self) -> float:
        """Begin the window of this moment where it has not begun; return the moment."""
        now = self._clock()
        number = int(now // FADING_SECONDS)
        if self._current.number != number:
            with self._lock:
                if self._current.number != number:
                    follows = self._current.number == number - 1
                    self._before = self._current if follows else _Window(number - 1)
                    self._current = _Window(number, self._key(number))
        return now

    def _key(self, number: int) -> bytes:
        # Another one for each window: what Redis holds cannot be joined over more than ten minutes.
        window = number.to_bytes(16, "big")
        return hashlib.blake2b(self._secret, person=b"addresses", salt=window).digest()

    def _tell(self, window: _Window, name: bytes, count: float) -> None:
        total = self._circuit.ask(lambda: self._added(window, name, count), None)
        with self._lock:
            if total is None:  # Redis is away: it goes on by itself
                window.own[name] += count
            else:
                window.shared[name] = max(total, window.shared.get(name, 0))

    def _added(self, window: _Window, name: bytes, count: float) -> float:
        if self._client is None:  # by the first use: a cluster that is away must not stop the start
            self._client = connect(self._url or "")
        key = f"pingyi:address:{window.number}:{name.hex()}"
        total = self._client.incrbyfloat(key, count)
        self._client.expire(key, 2 * FADING_SECONDS)
        return float(total)


def network_of(address: str) -> bytes | None:
    """Return what has a budget of its own, None where an address says nothing about anybody.

    What comes from this machine itself comes from a proxy that was not told of: everybody's
    ballots would share one budget.
    """
    if not address or address.startswith("127.") or address == "::1":
        return None
    if ":" not in address:
        return address.encode()
    try:
        known = ipaddress.IPv6Address(address)
    except ValueError:
        return address.encode()
    if known.ipv4_mapped is not None:
        return network_of(str(known.ipv4_mapped))
    return known.packed[:IPV6_PREFIX_BYTES]

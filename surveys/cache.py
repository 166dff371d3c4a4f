"""What every process may use and nobody misses: compiled pages and figures, shared in Redis."""

import hashlib
from functools import lru_cache
from pathlib import Path

from surveys.circuit import Circuit, Client, connect
from surveys.seal import SEAL_BYTES, sealed, unsealed

PAGE_SECONDS = 3600
LARGEST_BYTES = 4 * 1024 * 1024
PURPOSE = b"shared page"
ROOT = Path(__file__).parent.parent
SOURCES = (
    ("surveys", "**/*.py"),
    ("surveys", "**/*.mo"),
    ("templates", "**/*.*"),
    ("static", "**/*.*"),
)


class SharedPages:
    """A memory that several processes share; every fault of it is a miss.

    What comes back is believed only under a seal made with the installation's key, so that somebody
    who can write to Redis cannot plant a page.
    """

    def __init__(self, redis_url: str | None, secret_key: bytes) -> None:
        self._url = redis_url
        self._secret = secret_key
        self._circuit = Circuit("shared pages")
        self._made: Client | None = None

    def get(self, key: str) -> bytes | None:
        """Return what is kept under a key, None where there is nothing that we put there."""
        if self._url is None:
            return None
        name = _name(key)
        # Bounded, so that a monster under our name costs no memory here.
        found = self._circuit.ask(
            lambda: self._client().getrange(name, 0, LARGEST_BYTES + SEAL_BYTES), None
        )
        if not isinstance(found, bytes) or not found:
            return None
        return unsealed(self._secret, PURPOSE, name, found)

    def put(self, key: str, content: bytes, seconds: int = PAGE_SECONDS) -> None:
        """Keep a content under a key for some time; nothing happens when that is not possible."""
        if self._url is None or len(content) > LARGEST_BYTES:
            return
        name = _name(key)
        value = sealed(self._secret, PURPOSE, name, content)
        self._circuit.ask(lambda: self._client().set(name, value, ex=seconds), None)

    def _client(self) -> Client:
        # Made by the first use: a cluster that is away must not stop the start.
        if self._made is None:
            self._made = connect(self._url or "")
        return self._made


def _name(key: str) -> str:
    """Return the name in Redis: ours, of this code, of a bounded length."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:40]
    return f"pingyi:page:{_code_digest()}:{digest}"


@lru_cache(maxsize=1)
def _code_digest() -> str:
    """Return a digest of all that a page is made by: another release has other pages."""
    digest = hashlib.sha256()
    for folder, pattern in SOURCES:
        for path in sorted((ROOT / folder).glob(pattern)):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]

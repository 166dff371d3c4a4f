"""How the phone's marks are signed: a key for every purpose, text that fits an address."""

import hashlib
from base64 import urlsafe_b64encode
from functools import lru_cache

SIGNATURE_BYTES = 16


def signature(secret: bytes, purpose: bytes, content: bytes) -> bytes:
    """Return the signature of a content for one purpose (keyed BLAKE2b, 128 bits)."""
    key = key_of(secret, purpose)
    return hashlib.blake2b(content, key=key, digest_size=SIGNATURE_BYTES).digest()


@lru_cache(maxsize=32)
def key_of(secret: bytes, purpose: bytes) -> bytes:
    """Return the key of one purpose: what is signed for one is worth nothing for another."""
    return hashlib.blake2b(secret, digest_size=32, person=purpose).digest()


def url_text(raw: bytes) -> str:
    """Write bytes in signs that need no escaping in an address or a form."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")

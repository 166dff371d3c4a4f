"""Proof that what comes back from another server is what we put there."""

import hashlib
import hmac

SEAL_BYTES = 32


def sealed(secret: bytes, purpose: bytes, place: str, content: bytes) -> bytes:
    """Return a content behind its seal, which is good for one purpose and one place only."""
    return _seal(secret, purpose, place, content) + content


def unsealed(secret: bytes, purpose: bytes, place: str, found: bytes) -> bytes | None:
    """Return the content behind its seal, None where the seal is not ours or of another place."""
    content = found[SEAL_BYTES:]
    if not hmac.compare_digest(found[:SEAL_BYTES], _seal(secret, purpose, place, content)):
        return None
    return content


def _seal(secret: bytes, purpose: bytes, place: str, content: bytes) -> bytes:
    key = hashlib.blake2b(secret, digest_size=32, person=purpose).digest()
    return hmac.digest(key, place.encode() + b"\0" + content, "sha256")

"""The signed mark of one page: which entrance, which submission, when; and its receipt."""

import hashlib
import hmac
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime

from surveys.refusals import NonceBroken
from surveys.tokens import crockford, grouped

RECEIPT_SIGNS = 12
RECEIPT_BITS = RECEIPT_SIGNS * 5

_CONTENT = struct.Struct(">I16sI")
_SIGNATURE_BYTES = 16
_SUBMISSION_BYTES = 16


@dataclass(frozen=True)
class Nonce:
    """What a page was given: nothing about it is stored before the ballot is handed in."""

    link_id: int
    submission_id: str
    issued_at: int  # seconds since 1970

    def seconds_until(self, now: datetime) -> int:
        """Return how long the page was open; never negative, whatever the clocks did."""
        return max(0, int(now.timestamp()) - self.issued_at)


def make_nonce(secret: bytes, link_id: int, now: datetime) -> str:
    """Return a signed nonce with a new submission id of 128 bits."""
    content = _CONTENT.pack(link_id, secrets.token_bytes(_SUBMISSION_BYTES), int(now.timestamp()))
    return _text(content + _signature(secret, content))


def read_nonce(secret: bytes, text: str, link_id: int) -> Nonce:
    """Return what a nonce says, or refuse one that is broken or of another entrance.

    Its age does not matter: a page may stay open for days while the round is open.
    """
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise NonceBroken from None
    content, signature = raw[: _CONTENT.size], raw[_CONTENT.size :]
    # The decoder overlooks foreign signs, so what it read must also be written the same way.
    if _text(raw) != text or not hmac.compare_digest(signature, _signature(secret, content)):
        raise NonceBroken
    found, submission, issued_at = _CONTENT.unpack(content)
    if found != link_id:
        raise NonceBroken
    return Nonce(found, _text(submission), issued_at)


def receipt_of(secret: bytes, submission_id: str) -> str:
    """Return the short sign of a submission: the same for every retry, and silent about content."""
    digest = hmac.digest(_key(secret, b"receipt"), submission_id.encode(), "sha256")
    number = int.from_bytes(digest[:8], "big") >> (64 - RECEIPT_BITS)
    return grouped(crockford(number, RECEIPT_SIGNS))


def _signature(secret: bytes, content: bytes) -> bytes:
    key = _key(secret, b"nonce")
    return hashlib.blake2b(content, key=key, digest_size=_SIGNATURE_BYTES).digest()


def _key(secret: bytes, purpose: bytes) -> bytes:
    return hashlib.blake2b(secret, digest_size=32, person=purpose).digest()


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")

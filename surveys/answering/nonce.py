"""The signed mark of one page: which entrance, which submission, when."""

import hmac
import secrets
import struct
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import datetime

from surveys.answering.signing import signature, url_text
from surveys.refusals import NonceBroken

PURPOSE = b"nonce"
_CONTENT = struct.Struct(">I16sI")
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
    return url_text(content + signature(secret, PURPOSE, content))


def read_nonce(secret: bytes, text: str, link_id: int) -> Nonce:
    """Return what a nonce says, or refuse one that is broken or of another entrance.

    Its age does not matter: a page may stay open for days while the round is open.
    """
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise NonceBroken from None
    content, signed = raw[: _CONTENT.size], raw[_CONTENT.size :]
    # The decoder overlooks foreign signs, so what it read must also be written the same way.
    if url_text(raw) != text or not hmac.compare_digest(
        signed, signature(secret, PURPOSE, content)
    ):
        raise NonceBroken
    found, submission, issued_at = _CONTENT.unpack(content)
    if found != link_id:
        raise NonceBroken
    return Nonce(found, url_text(submission), issued_at)

"""The mark of one browser: a signed random cookie, stored only as a key of this round and group."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

COOKIE_SECONDS = 2 * 365 * 24 * 3600

_ID_SIGNS = 22  # 128 bits, url-safe
_SIGNATURE_BYTES = 16


def cookie_name(is_secure: bool) -> str:
    """Return the cookie's name; the prefix makes browsers refuse one that another host set."""
    return "__Host-device" if is_secure else "device"


def make_device(secret: bytes) -> str:
    """Return the cookie of a browser that has none yet."""
    device_id = secrets.token_urlsafe(16)
    return f"{device_id}.{_signature(secret, device_id)}"


def read_device(secret: bytes, cookie: str | None) -> str | None:
    """Return the browser's id, or None where the cookie is missing or not ours."""
    device_id, _, signature = (cookie or "").partition(".")
    expected = _signature(secret, device_id)
    if len(device_id) != _ID_SIGNS or not hmac.compare_digest(
        signature.encode(), expected.encode()
    ):
        return None
    return device_id


def device_key(secret: bytes, round_id: int, group_id: int, device_id: str) -> str:
    """Return the key under which a browser answers once; of no use in any other round or group."""
    content = f"{round_id}|{group_id}|{device_id}".encode()
    return _text(hmac.digest(_key(secret, b"device key"), content, "sha256"))


def _signature(secret: bytes, device_id: str) -> str:
    key = _key(secret, b"device cookie")
    return _text(
        hashlib.blake2b(device_id.encode(), key=key, digest_size=_SIGNATURE_BYTES).digest()
    )


def _key(secret: bytes, purpose: bytes) -> bytes:
    return hashlib.blake2b(secret, digest_size=32, person=purpose).digest()


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")

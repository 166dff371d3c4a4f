"""The mark of one browser: a signed random cookie, stored only as a key of this round and group."""

import hmac
import secrets
from collections.abc import Mapping

from werkzeug.http import dump_cookie

from surveys.answering.queries import OpenLink
from surveys.answering.signing import key_of, signature, url_text

COOKIE_SECONDS = 2 * 365 * 24 * 3600

_ID_SIGNS = 22  # 128 bits, url-safe


def cookie_name(is_secure: bool) -> str:
    """Return the cookie's name; the prefix makes browsers refuse one that another host set."""
    return "__Host-device" if is_secure else "device"


def make_device(secret: bytes) -> str:
    """Return the cookie of a browser that has none yet."""
    device_id = secrets.token_urlsafe(16)
    return f"{device_id}.{_signature(secret, device_id)}"


def new_mark(secret: bytes, is_secure: bool) -> str:
    """Return the Set-Cookie line that marks a browser."""
    return dump_cookie(
        cookie_name(is_secure),
        make_device(secret),
        max_age=COOKIE_SECONDS,
        secure=is_secure,
        httponly=True,
        samesite="Lax",
    )


def device_of(secret: bytes, is_secure: bool, cookies: Mapping[str, str]) -> str | None:
    """Return the browser's id, or None where it has no mark of ours."""
    return read_device(secret, cookies.get(cookie_name(is_secure)))


def key_for(
    secret: bytes, is_secure: bool, cookies: Mapping[str, str], link: OpenLink
) -> str | None:
    """Return the key under which this browser answers here; secret and shared ones have none."""
    found = device_of(secret, is_secure, cookies) if link.marks_browsers else None
    return None if found is None else device_key(secret, link.round_id, link.group_id, found)


def read_device(secret: bytes, cookie: str | None) -> str | None:
    """Return the browser's id, or None where the cookie is missing or not ours."""
    device_id, _, signed = (cookie or "").partition(".")
    expected = _signature(secret, device_id)
    if len(device_id) != _ID_SIGNS or not hmac.compare_digest(signed.encode(), expected.encode()):
        return None
    return device_id


def device_key(secret: bytes, round_id: int, group_id: int, device_id: str) -> str:
    """Return the key under which a browser answers once; of no use in any other round or group."""
    content = f"{round_id}|{group_id}|{device_id}".encode()
    return url_text(hmac.digest(key_of(secret, b"device key"), content, "sha256"))


def _signature(secret: bytes, device_id: str) -> str:
    return url_text(signature(secret, b"device cookie", device_id.encode()))

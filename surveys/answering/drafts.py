"""What somebody with a one-time code has filled in so far: sealed with the code, gone with it.

The store holds a digest of the code and an unreadable text: who has the database, and even the
installation's keys, cannot read a draft, and who has the code can. The text is packed and padded,
so that its length does not tell how much was filled in.
"""

import hashlib
import json
import secrets
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from surveys.refusals import DraftTooLarge
from surveys.tokens import normalise_token

Typed = Mapping[str, tuple[str, ...]]

NONCE_BYTES = 12
STEP_BYTES = 4096  # lengths are multiples of it
LARGEST_BYTES = 256 * 1024


def sealed_draft(token: str, typed: Typed) -> str:
    """Return a draft that only this code opens (AES-256-GCM under a key made from the code)."""
    plain = json.dumps({name: list(values) for name, values in typed.items()}, ensure_ascii=False)
    packed = zlib.compress(plain.encode(), 9)
    if len(packed) > LARGEST_BYTES:
        raise DraftTooLarge
    padded = packed + bytes(-len(packed) % STEP_BYTES)
    nonce = secrets.token_bytes(NONCE_BYTES)
    return urlsafe_b64encode(nonce + _cipher(token).encrypt(nonce, padded, None)).decode("ascii")


def opened_draft(token: str, sealed: str) -> Typed:
    """Return what a draft holds; a text that this code did not seal is as if nothing were there."""
    from cryptography.exceptions import InvalidTag

    try:
        raw = urlsafe_b64decode(sealed)
        padded = _cipher(token).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None)
        # The packed text knows its own end; what follows is padding.
        plain = zlib.decompressobj().decompress(padded)
    except (InvalidTag, ValueError, zlib.error):
        return {}
    return {name: tuple(values) for name, values in json.loads(plain).items()}


def _cipher(token: str) -> Any:
    # Loaded by the first draft: most servers never see one.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    # The code has 130 random bits, so a plain keyed digest is as good a key as any slow one.
    key = hashlib.blake2b(normalise_token(token).encode(), digest_size=32, person=b"draft key")
    return AESGCM(key.digest())

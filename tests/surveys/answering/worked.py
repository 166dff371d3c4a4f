"""Does in Python what a phone's script does before it hands in."""

import hashlib
from functools import lru_cache
from itertools import count

from surveys.answering.work_proof import WORK_BITS


@lru_cache(maxsize=256)
def worked(nonce):
    """Return the smallest counter that is a proof of work for a page's nonce."""
    start = hashlib.sha256(f"{nonce}.".encode())
    for number in count():
        digest = start.copy()
        digest.update(str(number).encode())
        if int.from_bytes(digest.digest()[:4], "big") >> (32 - WORK_BITS) == 0:
            return str(number)
    raise AssertionError

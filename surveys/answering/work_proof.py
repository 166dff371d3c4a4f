"""A little work that a phone does by itself before it hands in: a number that is slow to find.

It costs a person nothing, for it is done while they answer; it costs whoever sends ballots by the
thousand a second of a processor for each. It proves no person.
"""

import hashlib
import re

# On average 65,536 tries: a second or two for an old phone's script, tens of milliseconds for a
# new one. One bit more doubles that, and a farm of machines would hardly notice either.
WORK_BITS = 16

# Written as the script writes it, so that nothing long or odd is ever hashed.
_COUNTER = re.compile("0|[1-9][0-9]{0,9}")


def is_worked(nonce: str, counter: str) -> bool:
    """Tell whether the digest of a page's nonce with this counter begins with enough zero bits.

    The nonce is signed, of one entrance, and admits one ballot: no proof is good for two.
    """
    if not _COUNTER.fullmatch(counter):
        return False
    digest = hashlib.sha256(f"{nonce}.{counter}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - WORK_BITS) == 0

"""One-time codes: how they are made, how they are read however they were typed, what is stored."""

import hashlib
import secrets
import unicodedata

# Crockford's base 32: no I, L, O or U, so that a sign can be read in only one way.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TOKEN_SIGNS = 26  # 130 bits
GROUP_SIGNS = 4
LONGEST_TYPED = 200

_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})


def make_token() -> str:
    """Return a new secret of 130 bits that admits one ballot."""
    return "".join(secrets.choice(ALPHABET) for _ in range(TOKEN_SIGNS))


def grouped(signs: str) -> str:
    """Write signs in groups of four, as a slip or a receipt shows them.

    >>> grouped("0123456789AB")
    '0123-4567-89AB'
    """
    starts = range(0, len(signs), GROUP_SIGNS)
    return "-".join(signs[start : start + GROUP_SIGNS] for start in starts)


def normalise_token(typed: str) -> str:
    """Return a typed code as it was made: capitals, no gaps, 0 and 1 for the letters like them.

    >>> normalise_token("abcd-efgh oil1")
    'ABCDEFGH0111'
    """
    plain = unicodedata.normalize("NFKC", typed[:LONGEST_TYPED]).upper()
    kept = "".join(sign for sign in plain if sign.isalnum())
    return kept.translate(_MISREAD)


def token_digest(token: str) -> str:
    """Return what is stored of a token; a plain digest is enough for 130 random bits."""
    return hashlib.sha256(normalise_token(token).encode()).hexdigest()


def spent_mark(submission_id: str) -> str:
    """Return what a spent token keeps of its submission: enough to know it again, and no more."""
    return hashlib.sha256(submission_id.encode()).hexdigest()


def crockford(number: int, signs: int) -> str:
    """Return a number in base 32, written with exactly so many signs."""
    digits = []
    for _ in range(signs):
        number, rest = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[rest])
    return "".join(reversed(digits))


def from_crockford(text: str) -> int:
    """Return the number that was written in base 32; raise ValueError where a sign is foreign.

    >>> from_crockford(crockford(20261125, 12))
    20261125
    """
    number = 0
    for sign in text:
        number = number * len(ALPHABET) + ALPHABET.index(sign)
    return number

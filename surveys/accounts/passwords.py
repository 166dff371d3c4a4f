"""Passwords: how they are stored, compared, and which ones are too easy to guess."""

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from analytics.faults import N_

SHORTEST = 15
LONGEST = 256
# A password must still be this long when the words that anybody would try are taken out of it.
SHORTEST_REST = 8
FEWEST_SIGNS = 5
OBVIOUS_WORDS = ("pingyi", "password", "评议", "绩效", "密码", "口令")
ROWS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """Return what is stored of a password."""
    return _hasher.hash(_plain(password))


def password_fits(stored: str | None, password: str) -> bool:
    """Tell whether a password is the stored one; takes as long where nothing is stored."""
    try:
        _hasher.verify(_nobody() if stored is None else stored, _plain(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def password_problem(password: str, account_name: str) -> str | None:
    """Return the msgid of what is wrong with a new password, None for a good one.

    Length decides, not a mixture of signs (NIST SP 800-63B); only what anybody would try first is
    refused beside it.
    """
    plain = _plain(password)
    if len(plain) < SHORTEST:
        return N_("Please choose at least 15 characters; a short sentence is easy to remember.")
    folded = plain.casefold()
    rest = folded
    for word in (_plain(account_name).casefold(), *OBVIOUS_WORDS):
        rest = rest.replace(word, "")
    is_row = any(folded in row or folded in row[::-1] for row in ROWS)
    if len(rest) < SHORTEST_REST or len(set(folded)) < FEWEST_SIGNS or is_row:
        return N_("This is one of the first passwords anybody would try. Please choose another.")
    return None


def _plain(password: str) -> str:
    """Return the same signs however the keyboard composed them."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobody() -> str:
    """Return the hash of a password that nobody has, so that unknown names cost the same work."""
    return _hasher.hash(secrets.token_bytes())

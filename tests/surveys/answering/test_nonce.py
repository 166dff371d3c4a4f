"""The nonce: ours, unchanged, of this entrance."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from surveys.answering.nonce import make_nonce, read_nonce
from surveys.refusals import NonceBroken

SECRET = b"a key for tests, long enough to be one"
NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


def test_a_nonce_comes_back_as_it_was_given():
    nonce = read_nonce(SECRET, make_nonce(SECRET, 7, NOW), 7)
    assert nonce.link_id == 7
    assert re.fullmatch(r"[0-9A-Za-z_-]{22}", nonce.submission_id)
    assert nonce.seconds_until(NOW + timedelta(minutes=2)) == 120


def test_every_page_has_a_submission_of_its_own():
    ids = {read_nonce(SECRET, make_nonce(SECRET, 7, NOW), 7).submission_id for _ in range(500)}
    assert len(ids) == 500


def test_three_days_later_it_is_still_good():
    nonce = read_nonce(SECRET, make_nonce(SECRET, 7, NOW), 7)
    assert nonce.seconds_until(NOW + timedelta(days=3)) == 3 * 86400


def test_a_clock_that_was_set_back_makes_no_negative_time():
    nonce = read_nonce(SECRET, make_nonce(SECRET, 7, NOW), 7)
    assert nonce.seconds_until(NOW - timedelta(hours=1)) == 0


def test_any_changed_sign_breaks_it():
    good = make_nonce(SECRET, 7, NOW)
    for place in range(len(good)):
        for sign in "A_9":
            changed = good[:place] + sign + good[place + 1 :]
            if changed != good:
                with pytest.raises(NonceBroken):
                    read_nonce(SECRET, changed, 7)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="missing"),
        pytest.param("x", id="too short"),
        pytest.param("A" * 54, id="right length, no signature"),
        pytest.param("A" * 10_000, id="too long"),
        pytest.param("评" * 54, id="not ASCII"),
        pytest.param("\x00" * 54, id="NUL"),
        pytest.param("\ud800", id="half a sign"),
    ],
)
def test_what_is_no_nonce(text):
    with pytest.raises(NonceBroken):
        read_nonce(SECRET, text, 7)


def test_one_of_another_entrance():
    with pytest.raises(NonceBroken):
        read_nonce(SECRET, make_nonce(SECRET, 8, NOW), 7)


def test_one_of_another_installation():
    with pytest.raises(NonceBroken):
        read_nonce(SECRET, make_nonce(b"another key", 7, NOW), 7)

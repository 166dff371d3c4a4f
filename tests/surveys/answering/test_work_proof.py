"""The little work of a phone: what is a proof of it, and what only looks like one."""

import hashlib

import pytest

from surveys.answering.work_proof import WORK_BITS, is_worked
from tests.surveys.answering.worked import worked

NONCE, OTHER = "A" * 54, "B" * 54  # as long as a real one


def test_the_counter_that_was_worked_for_is_a_proof():
    found = worked(NONCE)
    assert is_worked(NONCE, found)
    digest = hashlib.sha256(f"{NONCE}.{found}".encode()).hexdigest()
    assert f"{int(digest, 16):0256b}".startswith("0" * WORK_BITS)


def test_other_counters_are_none():
    assert [n for n in range(int(worked(NONCE))) if is_worked(NONCE, str(n))] == []


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("", id="nothing"),
        pytest.param("-{}", id="negative"),
        pytest.param("+{}", id="with a sign"),
        pytest.param("0{}", id="a zero before it"),
        pytest.param("{}.0", id="a fraction"),
        pytest.param(" {}", id="a gap"),
        pytest.param("{}\n", id="a line end"),
        pytest.param("{}\x00", id="a zero byte"),
        pytest.param("{}" + "0" * 10_000, id="10 kB"),
        pytest.param("1e5", id="a power"),
        pytest.param("0x1f", id="in hexadecimal"),
    ],
)
def test_only_the_plain_decimal_number_is_a_proof(written):
    assert not is_worked(NONCE, written.format(worked(NONCE)))


@pytest.mark.parametrize("zero", ["０", "٠", "𝟎"])
def test_digits_of_other_scripts_are_no_proof(zero):
    number = worked(NONCE)
    assert not is_worked(NONCE, "".join(chr(ord(zero) + int(digit)) for digit in number))


def test_a_proof_is_good_for_its_own_page_only():
    assert not is_worked(OTHER, worked(NONCE))

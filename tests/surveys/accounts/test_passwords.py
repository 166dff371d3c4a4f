import pytest

from surveys.accounts.passwords import hash_password, password_fits, password_problem

GOOD = "窗外的梧桐树今年又高了一截"  # 13 signs: each case says what it adds


@pytest.mark.parametrize(
    ("password", "account", "is_good"),
    [
        pytest.param(GOOD + "对吧", "绩效办", True, id="fifteen signs are enough"),
        pytest.param(GOOD + "吧", "绩效办", False, id="fourteen are not"),
        pytest.param("correct horse battery", "office", True, id="words without any digit"),
        pytest.param("a" * 40, "office", False, id="one sign repeated"),
        pytest.param("123456789012345", "office", False, id="the row of digits"),
        pytest.param("zyxwvutsrqponmlk", "office", False, id="the alphabet backwards"),
        pytest.param("pingyi-pingyi-pingyi", "office", False, id="the product's name"),
        pytest.param("Li.Xiaoming Li.Xiaoming", "li.xiaoming", False, id="the account's name"),
        pytest.param("Li.Xiaoming-7-Blätter", "li.xiaoming", True, id="a name and enough more"),
        pytest.param("Password Password 2026", "office", False, id="the word password"),
        pytest.param("１２３４５６７８９０１２３４５", "x", False, id="full-width digits"),
    ],
)
def test_which_passwords_are_taken(password, account, is_good):
    assert (password_problem(password, account) is None) is is_good


def test_a_password_fits_its_own_hash_and_no_other():
    stored = hash_password(GOOD)
    assert GOOD not in stored
    assert "m=19456,t=2" in stored
    assert password_fits(stored, GOOD)
    assert not password_fits(stored, GOOD + "x")


def test_a_password_fits_however_the_keyboard_composed_it():
    assert password_fits(
        hash_password("caf\u00e9 caf\u00e9 caf\u00e9"), "cafe\u0301 cafe\u0301 cafe\u0301"
    )


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(None, id="no such account, or not set up yet"),
        pytest.param("", id="an empty hash"),
        pytest.param("plain text", id="not a hash at all"),
    ],
)
def test_nothing_fits_where_no_password_is_stored(stored):
    assert not password_fits(stored, "nobody")

"""One-time codes: strong when made, forgiving when typed."""

import pytest

from surveys.tokens import ALPHABET, crockford, grouped, make_token, normalise_token, token_digest


def test_a_token_has_130_random_bits_in_unmistakable_signs():
    made = {make_token() for _ in range(2000)}
    assert len(made) == 2000
    assert {len(token) for token in made} == {26}
    assert set("".join(made)) == set(ALPHABET)
    assert not set(ALPHABET) & set("ILOU")


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("0123-4567-89AB-CDEF-GHJK-MNPQ-RS", id="grouped as on the slip"),
        pytest.param("0123456789abcdefghjkmnpqrs", id="small letters"),
        pytest.param(" 0123 4567 89AB CDEF GHJK MNPQ RS\n", id="gaps"),
        pytest.param("O123456789ABCDEFGHJKMNPQRS", id="letter O for zero"),
        pytest.param("0i23456789ABCDEFGHJKMNPQRS", id="letter i for one"),
        pytest.param("0l23456789ABCDEFGHJKMNPQRS", id="letter l for one"),
        pytest.param(
            "０１２３456789ＡＢCDEFGHJKMNPQRS", id="full-width signs of a Chinese keyboard"
        ),
        pytest.param("0123–4567—89AB·CDEF_GHJK.MNPQ RS", id="any kind of dash"),
    ],
)
def test_the_same_code_however_it_was_typed(typed):
    assert normalise_token(typed) == "0123456789ABCDEFGHJKMNPQRS"
    assert token_digest(typed) == token_digest("0123456789ABCDEFGHJKMNPQRS")


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("", id="nothing"),
        pytest.param("\x00\ud800\u202e", id="nothing that can be read"),
        pytest.param("Z" * 1_000_000, id="a million signs"),
        pytest.param("评议码", id="Chinese"),
    ],
)
def test_rubbish_has_a_digest_too_and_it_is_no_tokens(typed):
    assert len(token_digest(typed)) == 64
    assert token_digest(typed) != token_digest(make_token())


def test_a_number_in_base_32_keeps_its_zeros():
    assert crockford(0, 3) == "000"
    assert crockford(32**3 - 1, 3) == "ZZZ"
    assert crockford(33, 4) == "0011"


def test_groups_of_four():
    assert grouped("0123456789") == "0123-4567-89"

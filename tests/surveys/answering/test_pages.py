"""The compiled page: the same bytes, packed or not."""

import gzip
import time

import pytest

from surveys.answering.memory import Memory
from surveys.answering.pages import compile_page


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<p>头</p>@MARK@<p>尾</p>", id="a small page"),
        pytest.param("评议" * 50_000 + "@MARK@" + "尾" * 500, id="a large page"),
        pytest.param("@MARK@", id="nothing but the nonce"),
    ],
)
def test_packed_and_plain_are_the_same_page(html):
    page = compile_page(html, "@MARK@")
    for nonce in ("n1", "another"):
        assert page.plain(nonce).decode() == html.replace("@MARK@", nonce)
        assert gzip.decompress(page.packed(nonce)) == page.plain(nonce)


def test_the_mark_must_stand_in_one_place():
    with pytest.raises(ValueError, match="unpack"):
        compile_page("@MARK@ and @MARK@", "@MARK@")


def test_memory_makes_once_and_forgets_what_was_not_used():
    made = []
    memory = Memory(2)

    def make(key):
        return memory.get(key, lambda: made.append(key) or key)

    assert [make(key) for key in "abab"] == list("abab")
    make("c")  # "a" was used longest ago
    make("b")
    make("a")
    assert made == ["a", "b", "c", "a"]


def test_memory_makes_again_what_has_grown_old():
    made = []
    memory = Memory(2, seconds=0.0)
    for _ in range(2):
        memory.get("a", lambda: made.append("a"))
        time.sleep(0.001)
    assert made == ["a", "a"]


def test_memory_falls_back_on_what_it_knew_where_that_is_excused():
    def silent():
        raise ConnectionError

    memory = Memory(2, seconds=-1.0)
    memory.get("a", lambda: "known")
    assert memory.get("a", silent, (ConnectionError,)) == "known"
    with pytest.raises(ConnectionError):
        memory.get("a", silent)
    with pytest.raises(ConnectionError):
        memory.get("b", silent, (ConnectionError,))

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.comments.segmenting import clauses_of, words_of
from analytics.comments.word_lists import WordFinder, listed_words, normalised, spelled_out
from tests.house.tree import ROOT


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("窗口的同志很耐心", ("窗口", "同志", "耐心"), id="stop words go"),
        pytest.param(
            "一网通办、最多跑一次", ("一网通办", "最多跑一次"), id="service terms stay whole"
        ),
        pytest.param("打12345没人接", ("打", "12345", "没人接"), id="a hotline is no number"),
        pytest.param("跑了3趟，等了２０分钟，十二", ("跑", "趟", "分钟"), id="numbers go"),
        pytest.param("ＡＰＰ卡顿", ("app", "卡顿"), id="wide signs and capitals"),
        pytest.param("窗口熱情", ("窗口", "熱", "情"), id="traditional signs stay, and alone"),
        pytest.param("👍😀 。！…", (), id="signs only"),
        pytest.param(" \n\t", (), id="blank"),
    ],
)
def test_words(text, words):
    assert words_of(text) == words


def test_clauses_end_where_signs_stand_but_not_at_dropped_words():
    assert clauses_of("态度很好，效率 高") == (("态度", "好"), ("效率", "高"))


def test_names_of_people_are_not_put_together():
    assert "欧阳建华" not in words_of("欧阳建华很负责")


@given(st.text(max_size=60))
def test_any_text_gives_words_without_stop_words_and_blanks(text):
    found = words_of(text)
    assert found == tuple(word for clause in clauses_of(text) for word in clause)
    assert not set(found) & (listed_words("stop_words.txt") - listed_words("service_terms.txt"))
    assert all(word.strip() == word and word for word in found)


@given(st.text(max_size=60))
def test_normal_form_is_reached_in_one_step(text):
    once = normalised(text)
    assert "  " not in once
    assert normalised(once).split() == once.split()


def test_the_longest_word_is_found_and_hides_those_inside_it():
    finder = WordFinder({"好": 1, "好像": 2, "不好": 3})
    found = list(finder.found_in("好像不好好"))
    assert found == [(0, "好像", 2), (2, "不好", 3), (4, "好", 1)]


def test_a_listed_number_stands_for_any_small_one():
    assert {"跑了两趟", "跑了好几趟", "跑了3趟"} < set(spelled_out("跑了#趟"))
    assert spelled_out("白跑") == ["白跑"]


def test_who_reads_no_comments_does_not_carry_the_dictionary():
    program = "import sys, analytics.comments.report; sys.exit('rjieba' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert ended.returncode == 0

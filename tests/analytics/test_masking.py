import csv
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.comments.masking import masked
from tests.house.tree import ROOT


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("我的电话13812345678请回电", "我的电话***请回电", id="mobile"),
        pytest.param("138 1234 5678", "***", id="mobile with blanks"),
        pytest.param("打138-1234-5678，谢谢", "打***，谢谢", id="mobile with dashes"),
        pytest.param("１３８１２３４５６７８", "***", id="wide figures"),
        pytest.param("幺三八幺二三四五六七八打给我", "***打给我", id="spelled out"),
        pytest.param("+86 13812345678", "+***", id="with country"),
        pytest.param("座机0571-87654321转8", "座机***转8", id="landline"),
        pytest.param("(010)87654321", "(***", id="landline with brackets"),
        pytest.param("身份证11010519491231002X。", "身份证***。", id="identity number ending in X"),
        pytest.param("证号110105491231002", "证号***", id="old identity number"),
        pytest.param("卡号6222 0202 0011 2233 445", "卡号***", id="bank card"),
        pytest.param("车牌浙A12345被扣", "车牌***被扣", id="plate"),
        pytest.param("浙A·D12345、京a88888挂", "***、***", id="new energy, small letter, trailer"),
        pytest.param("写信到zhang.san@example.com。", "写信到***。", id="e-mail"),
        pytest.param("ｚｓ＠ｅｘａｍｐｌｅ．ｃｏｍ", "***", id="wide e-mail"),
        pytest.param("加微信zhangsan_88联系", "加***联系", id="messenger name"),
        pytest.param("QQ：123456", "***", id="messenger number"),
        pytest.param("ＱＱ：１２３４５６", "***", id="wide messenger number"),
        pytest.param("①③⑧⓪⓪①③⑧⓪⓪⓪", "***", id="circled figures"),
        pytest.param("1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣找我", "***找我", id="figures on keys"),
        pytest.param("138\u200b0013\u200b8000", "***", id="figures with unseen signs between"),
        pytest.param("工号为0213的人", "***的人", id="staff number"),
        pytest.param("李主任，电话１３８００１３８０００", "×主任，电话***", id="a name too"),
        pytest.param("ＷＡＮＧ王科长，Ａ１窗口", "ＷＡＮＧ×科长，Ａ１窗口", id="wide signs stay"),
    ],
)
def test_what_leads_to_a_person_is_masked(text, shown):
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("打12345没人接", id="a hotline"),
        pytest.param("跑了3趟，花了200块，等到16:30", id="counts"),
        pytest.param("2019-2023年变化很大", id="years"),
        pytest.param("一网通办App很好，微信公众号也好", id="words"),
        pytest.param("一而再，再而三；三番五次", id="numerals in words"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_leads_to_nobody_stays(text):
    assert masked(text) == text


NAMES = ROOT / "tests/data/comments/names.csv"
SENTENCES = [
    (row["set"], row["name"], row["text"])
    for row in csv.DictReader(NAMES.read_text(encoding="utf-8").splitlines())
]
NAMED = [(name, text) for kept, name, text in SENTENCES if kept == "tuning" and name]
ORDINARY = [text for kept, name, text in SENTENCES if kept == "tuning" and not name]


@pytest.mark.parametrize(("name", "text"), NAMED)
def test_names_of_people_are_masked(name, text):
    assert name not in masked(text)
    assert "×" in masked(text)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_words_that_look_like_names_stay(text):
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("窗口的李主任", "窗口的×主任", id="surname and title"),
        pytest.param("李建国主任不在", "×主任不在", id="full name and title"),
        pytest.param("欧阳局长来过", "×局长来过", id="a surname of two signs"),
        pytest.param("张伟态度很差", "×××态度很差", id="given name of the list"),
        pytest.param("工作人员：张旸，一楼", "工作人员：×××，一楼", id="introduced, not listed"),
        pytest.param("民警王强行入户", "民警×强行入户", id="as much as is sure"),
        pytest.param("刘姐和小王，姓李的没来", "×姐和小×，姓×的没来", id="familiar names"),
        pytest.param("陳科長推諿，劉小姐很好", "×科長推諿，×小姐很好", id="traditional signs"),
        pytest.param("欧", "欧", id="a surname alone"),
    ],
)
def test_what_is_left_of_a_name(text, shown):
    assert masked(text) == shown


def test_few_names_of_sentences_set_aside_are_missed_and_few_words_taken_for_names():
    aside = [(name, text) for kept, name, text in SENTENCES if kept == "holdout"]
    named = [name not in masked(text) for name, text in aside if name]
    ordinary = [masked(text) == text for name, text in aside if not name]
    assert (len(named), len(ordinary)) == (42, 60)
    assert sum(named) >= 40
    assert sum(ordinary) >= 59


@given(st.text("张伟李王的主任姐小老姓欧阳窗口叫，。 1Ａ", max_size=30))
def test_masking_takes_signs_away_and_changes_none(text):
    place = 0
    for piece in re.split(r"[×*]+", masked(text)):
        place = text.index(piece, place) + len(piece)


@given(st.text("浙京aA@.-0123456789一二三x 。微信", max_size=40))
def test_no_seven_figures_are_left_together(text):
    shown = masked(text)
    runs = re.split(r"[^0-9A-Za-z]", shown)
    assert all(len(run) < 7 for run in runs if not re.search("[A-Za-z]", run))

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.comments.masking import masked


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


@given(st.text("浙京aA@.-0123456789一二三x 。微信", max_size=40))
def test_no_seven_figures_are_left_together(text):
    shown = masked(text)
    runs = re.split(r"[^0-9A-Za-z]", shown)
    assert all(len(run) < 7 for run in runs if not re.search("[A-Za-z]", run))

"""The office's own words in traditional characters, and both scripts read."""

from types import SimpleNamespace

import pytest
from flask_babel import force_locale

from surveys import web
from surveys.traditional import simplified, traditional
from tests.tongues import simplified_signs


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        pytest.param("市发展和改革委员会", "市發展和改革委員會", id="an office"),
        pytest.param("人大代表", "人大代表", id="what is the same in both"),
        pytest.param("办事窗口", "辦事窗口", id="a window is none on a screen"),
        pytest.param("评议对象", "評議對象", id="who is appraised is no object of a program"),
        pytest.param("重点项目的办事程序", "重點項目的辦事程序", id="nor is procedure one"),
        pytest.param("大数据局、市信息中心", "大數據局、市信息中心", id="a name stays a name"),
        pytest.param("台州市、天台县、于都县", "台州市、天台縣、于都縣", id="places"),
        pytest.param("余杭区、沈阳市、云南", "餘杭區、瀋陽市、雲南", id="places that change"),
        pytest.param(
            "后勤在里面，皇后在公里之外", "後勤在裡面，皇后在公里之外", id="signs with two"
        ),
        pytest.param("干部、干净、若干、干预", "幹部、乾淨、若干、干預", id="a sign with three"),
        pytest.param("发展、理发；面对面、方便面", "發展、理髮；面對面、方便麵", id="and others"),
        pytest.param("制度、制造；关系、联系", "制度、製造；關係、聯繫", id="and more"),
        pytest.param(
            "Window 3 <b>%(name)s</b>", "Window 3 <b>%(name)s</b>", id="what is not Chinese"
        ),
        pytest.param("", "", id="nothing"),
    ],
)
def test_words_of_the_office_in_traditional_characters(typed, written):
    assert traditional(typed) == written
    assert simplified_signs(written) == []


@pytest.mark.parametrize("typed", ["評議對象", "评议对象", "評议對象"])
def test_both_scripts_are_one_when_read(typed):
    assert simplified(typed) == "评议对象"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("locale", "named"),
    [("zh", "市财政局"), ("zh_TW", "市財政局"), ("en", "Finance Bureau")],
)
def test_a_name_in_each_language(app, locale, named):
    thing = SimpleNamespace(name="市财政局", name_en="Finance Bureau", hint=None, duties="管钱")
    with app.test_request_context(), force_locale(locale):
        assert web.named(thing) == named
        assert web.named(thing, "hint") == ""
        assert web.named(thing, "duties") == {"zh_TW": "管錢"}.get(locale, "管钱")

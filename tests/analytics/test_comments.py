import json
import socket

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.comments.report import Comment, comments_report
from analytics.comments.themes import Quote, Share
from analytics.plain_values import plain_value

SLOW, KIND, PHONE = "窗口排队太久", "工作人员态度很好", "电话没人接，我的号码是13812345678"
ROUND = [
    *[Comment(0, 0, SLOW)] * 12,
    *[Comment(0, 1, f"{KIND}，{n}") for n in range(5)],
    *[Comment(1, 0, KIND)] * 8,
    *[Comment(1, 1, PHONE)] * 6,
    *[Comment(2, 0, KIND)] * 2,
    Comment(2, 0, "，。 "),
    Comment(0, 0, ""),
]
MANY = [f"{one}{two}" for one in "甲乙丙丁戊" for two in "山水木火土"]
CLASSES = ["a", "a", "a", "b"]


@pytest.fixture(scope="module")
def report():
    return comments_report(ROUND, None, CLASSES)


def test_the_round_is_counted_once_and_blanks_are_told(report):
    assert (report.count, report.blank, report.distinct) == (34, 1, 9)
    assert (report.tones.praise, report.tones.criticism, report.tones.neither) == (15, 18, 1)
    assert report.without_theme == 1
    assert [unit.count for unit in report.units] == [17, 14, 3, 0]
    assert [group.count for group in report.groups] == [23, 11]


def test_a_unit_s_themes_are_those_with_enough_comments(report):
    first, second, thin, silent = report.units
    assert [(one.theme.code, one.count) for one in first.themes] == [("queue", 12), ("manner", 5)]
    assert [(one.theme.code, one.criticism) for one in second.themes] == [
        ("manner", 0),
        ("telephone", 6),
    ]
    assert (first.tones.criticism, first.tones.praise) == (12, 5)
    assert thin.tones is silent.tones is None
    assert thin.themes == thin.phrases == thin.repeated == silent.themes == ()


def test_themes_of_the_round_name_units_with_enough_comments_only(report):
    manner = next(one for one in report.themes if one.theme.code == "manner")
    assert manner.count == 15
    assert manner.units.shown == (Share(1, 8),)  # unit 2 alone in the rest could be told
    assert manner.units.rest == 7


def test_quotes_are_masked_and_counted(report):
    telephone = next(one for one in report.themes if one.theme.code == "telephone")
    assert telephone.quote == Quote("电话没人接，我的号码是***", 6)
    assert report.repeated[0] == Quote(SLOW, 12)
    assert report.units[1].repeated == (Quote(KIND, 8), Quote("电话没人接，我的号码是***", 6))


def test_quotes_are_what_was_written_and_the_commonest_writing_speaks():
    wide, plain = "叫号机坏了，排队太久Ａ１！", "叫号机坏了,排队太久A1!"
    rows = [Comment(0, 0, plain)] * 2 + [Comment(0, 0, f" {wide} ")] * 4
    for turned in (rows, rows[::-1]):
        found = comments_report(turned, None, ["a"])
        assert found.distinct == 1
        assert found.repeated == (Quote(wide, 6),)
        assert found.units[0].themes[0].quote == Quote(wide, 6)


def test_white_space_in_quotes_is_tidied():
    said = "窗口排队太久\r\n\u3000\u3000希望  多开几个"
    found = comments_report([Comment(0, 0, said)] * 5, None, ["a"])
    assert found.repeated == (Quote("窗口排队太久 希望 多开几个", 5),)


def test_wide_figures_and_names_are_masked_in_quotes():
    said = "窗口的李主任，电话１３８００１３８０００，张伟态度差"
    shown = "窗口的×主任，电话***，×××态度差"
    found = comments_report([Comment(0, 0, said)] * 5, None, ["a"])
    assert found.repeated == (Quote(shown, 5),)
    assert {one.quote.text for one in found.units[0].themes} == {shown}


@pytest.mark.parametrize("name", ["张伟", "张旸", "王炘烔", "李建国科长"])
def test_names_are_no_key_phrases_even_where_masking_does_not_know_them(name):
    rows = [Comment(0, 0, f"{name}推诿，{said}") for said in MANY]
    rows += [Comment(1, 0, f"电话占线，{said}") for said in MANY]
    phrases = comments_report(rows, None, ["a", "a"]).units[0].phrases
    said = ["".join(one.words) for one in phrases]
    assert "推诿" in said
    assert [words for words in said if set(words) & set(name) - set("科长")] == []


def test_near_duplicates_count_as_told():
    """The clusters of another module join what only nearly agrees."""
    clusters = np.zeros(len(ROUND), np.int64)
    joined = comments_report(ROUND, clusters, CLASSES)
    assert joined.distinct == 1
    assert joined.repeated == (Quote(SLOW, 34),)
    assert joined.tones == comments_report(ROUND, None, CLASSES).tones


def test_key_phrases_are_held_against_the_class_and_copies_say_theirs_once():
    rows = [Comment(0, 0, f"排队，{said}") for said in MANY]
    rows += [Comment(1, 0, f"电话，{said}") for said in MANY]
    rows += [Comment(2, 0, "电话占线")] * 90
    found = comments_report(rows, None, ["a", "a", "a"])
    assert [(one.words, one.here) for one in found.units[0].phrases] == [(("排队",), 25)]
    assert next(one for one in found.units[1].phrases if one.words == ("电话",)).elsewhere == 1
    assert found.units[2].phrases == ()


def test_low_and_high_raters_are_told_apart_by_points():
    rows = [Comment(0, 0, f"{word}，{said}") for word in ("排队", "热情") for said in MANY]
    points = np.repeat([20.0, 95.0], 25)
    found = comments_report(rows, None, ["a"], points=points)
    assert ("排队",) in [one.words for one in found.low_raters.phrases]
    assert ("热情",) in [one.words for one in found.high_raters.phrases]
    assert comments_report(rows, None, ["a"]).low_raters is None
    assert comments_report(rows, None, ["a"], points=np.full(50, np.nan)).high_raters is None


def test_tones_agree_or_not_with_points():
    rows = [Comment(0, 0, KIND), Comment(0, 0, SLOW), Comment(0, 0, "")]
    assert comments_report(rows, None, ["a"], points=np.array([90, 90, 0.0])).agreement == 0.5


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="no comments"),
        pytest.param([Comment(0, 0, " ")], id="blank comments"),
        pytest.param([Comment(0, 0, KIND)], id="one comment"),
        pytest.param([Comment(0, 0, KIND)] * 9, id="one unit, one text"),
    ],
)
def test_little_or_nothing_makes_a_report(rows):
    points = np.full(len(rows), 50.0)
    found = comments_report(rows, None, ["a"], points=points)
    assert found.count + found.blank == len(rows)
    assert found.units[0].phrases == ()


def test_comments_need_clusters_and_points_of_their_own():
    with pytest.raises(ValueError, match="cluster"):
        comments_report(ROUND, np.zeros(1, np.int64), CLASSES)
    with pytest.raises(ValueError, match="points"):
        comments_report(ROUND, None, CLASSES, points=np.zeros(1))


@pytest.mark.parametrize(
    "stray",
    [
        pytest.param(Comment(4, 0, KIND), id="a unit without a class"),
        pytest.param(Comment(-1, 0, KIND), id="no unit"),
        pytest.param(Comment(0, -1, KIND), id="no group"),
    ],
)
def test_comments_need_a_unit_and_a_group(stray):
    with pytest.raises(ValueError, match="unit"):
        comments_report([*ROUND, stray], None, CLASSES)


def test_nothing_leaves_the_machine_and_the_report_is_plain(monkeypatch):
    def refuse(*_):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    found = comments_report(ROUND, None, CLASSES, points=np.linspace(0, 100, len(ROUND)))
    said = json.dumps(plain_value(found), ensure_ascii=False, allow_nan=False)
    assert "13812345678" not in said
    assert json.loads(said)["units"][0]["themes"][0]["theme"]["chinese"] == "窗口与排队"


texts = st.sampled_from([SLOW, KIND, PHONE, "希望周末开门", "无", " ", "好！"])
rounds = st.lists(st.builds(Comment, st.integers(0, 2), st.integers(0, 1), texts), max_size=30)


@given(rounds, st.randoms())
def test_the_order_of_comments_makes_no_difference(rows, random):
    shuffled = random.sample(rows, len(rows))
    found = comments_report(rows, None, ["a", "a", "b"], least=2)
    assert comments_report(shuffled, None, ["a", "a", "b"], least=2) == found
    assert sum(unit.count for unit in found.units) == found.count

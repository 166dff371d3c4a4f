import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.comments.themes import (
    Quote,
    ReadComment,
    Share,
    all_themes,
    quotes,
    shares,
    themes,
    themes_of,
)
from tests.tongues import HAN


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        pytest.param("态度很好，材料一次性告知", ("manner", "papers", "told_once"), id="several"),
        pytest.param("电话打不通", ("telephone",), id="telephone"),
        pytest.param("ＡＰＰ登不上", ("online",), id="wide signs"),
        pytest.param("互相推诿", ("passing_on",), id="passing on"),
        pytest.param("吃拿卡要", ("integrity",), id="a longer word hides a shorter"),
        pytest.param("门口停车位太少", ("premises",), id="premises"),
        pytest.param("好", (), id="none"),
        pytest.param("", (), id="nothing"),
    ],
)
def test_themes_of_a_text(text, codes):
    assert themes_of(text) == codes


def test_every_theme_has_its_own_code_and_a_name_in_both_languages():
    found = all_themes()
    assert len({one.code for one in found}) == len(found) >= 15
    assert all(HAN.search(one.chinese) and not HAN.search(one.english) for one in found)


def comment(unit=0, group=0, text="慢", cluster=0, signs=(False, False, False)):
    return ReadComment(unit, group, text, cluster, *signs)


def test_a_theme_is_counted_by_what_comments_do_and_whom_they_are_about():
    said = [
        *[comment(0, 1, f"态度好{n}", n, (True, False, False)) for n in range(6)],
        *[comment(1, 1, "态度差", 9, (False, True, False)) for _ in range(5)],
        comment(2, 0, "态度好，望更好", 10, (True, False, True)),
        comment(3, 0, "态度", 11),
    ]
    (found,) = themes(said, [("manner",)] * len(said))
    assert (found.theme.code, found.count, found.distinct) == ("manner", 13, 9)
    assert (found.praise, found.criticism, found.suggestion) == (7, 5, 1)
    assert found.units.shown == (Share(0, 6), Share(1, 5))
    assert found.units.rest == 2
    assert found.quote == Quote("态度差", 5)


def test_themes_come_most_frequent_first_and_thin_ones_are_not_quoted():
    found = themes([comment(text="排队")] * 3, [("queue",), ("queue", "fees"), ()], least=2)
    assert [(one.theme.code, one.count) for one in found] == [("queue", 2), ("fees", 1)]
    assert [one.quote for one in found] == [Quote("排队", 2), None]
    assert themes([], []) == ()


@pytest.mark.parametrize(
    ("parts", "shown", "rest"),
    [
        pytest.param([], [], 0, id="none"),
        pytest.param([1] * 5 + [2] * 6, [(2, 6), (1, 5)], 0, id="all enough"),
        pytest.param([1] * 5 + [2] * 6 + [3], [(2, 6)], 6, id="one too few takes another along"),
        pytest.param([1] * 5 + [3, 4], [(1, 5)], 2, id="two too few keep each other"),
        pytest.param([3] * 4, [], 4, id="one alone is the whole"),
    ],
)
def test_parts_with_few_comments_are_told_together(parts, shown, rest):
    found = shares(parts, least=5)
    assert [(one.part, one.count) for one in found.shown] == shown
    assert found.rest == rest


@given(st.lists(st.integers(0, 8)), st.integers(1, 7))
def test_no_thin_part_can_be_told_from_the_shares(parts, least):
    found = shares(parts, least)
    named = {one.part for one in found.shown}
    hidden = [part for part in parts if part not in named]
    assert sum(one.count for one in found.shown) + found.rest == len(parts)
    assert all(one.count >= least for one in found.shown)
    assert not named or len(set(hidden)) != 1


@given(st.lists(st.tuples(st.sampled_from("甲乙丙"), st.integers(0, 3)), max_size=12), st.randoms())
def test_quotes_stand_one_a_cluster_in_any_order(rows, random):
    said = [comment(text=text, cluster=cluster) for text, cluster in rows]
    found = quotes(said, 10)
    sizes = [one.count for one in found]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == len(said)
    assert quotes(random.sample(said, len(said)), 10) == found

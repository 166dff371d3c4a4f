import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.changes import Incomparable, Verdict, YearScores, change, comparability
from tests.analytics.rule_documents import document, rules

NAN = float("nan")


def year(score, se, df):
    return YearScores(*(np.atleast_1d(np.array(each, float)) for each in (score, se, df)))


def test_a_change_agrees_with_r():
    """sleep: t.test(extra ~ group) of R 4.2.2 gives t = -1.8608, df = 17.776, -3.365 to 0.205."""
    before, now = (
        np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]),
        np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]),
    )
    years = [year(each.mean(), each.std(ddof=1) / 10**0.5, 9) for each in (now, before)]
    found = change(*years)
    assert found.difference / found.se == pytest.approx(1.860813, abs=1e-6)
    assert found.df == pytest.approx(17.77647, abs=1e-5)
    assert (-found.high[0], -found.low[0]) == pytest.approx((-3.3654832, 0.2054832), abs=1e-6)
    assert found.verdicts == (Verdict.NOT_TOLD_APART,)
    assert change(*years, coverage=0.9).verdicts == (Verdict.UP,)


@pytest.mark.parametrize(
    ("now", "before", "verdict"),
    [
        pytest.param((26, 0.3, 50), (24, 0.3, 50), Verdict.UP, id="up"),
        pytest.param((24, 0.3, 50), (26, 0.3, 50), Verdict.DOWN, id="down"),
        pytest.param((24, 3, 50), (26, 0.3, 50), Verdict.NOT_TOLD_APART, id="too wide"),
        pytest.param((24, 0.3, 1), (25.7, 0.3, 1), Verdict.NOT_TOLD_APART, id="few ballots"),
        pytest.param((24, NAN, NAN), (29, 0.1, 90), Verdict.NOT_TOLD_APART, id="unknown error"),
        pytest.param((NAN, NAN, NAN), (29, 0.1, 90), Verdict.NOT_TOLD_APART, id="no score"),
        pytest.param((24, 0, NAN), (29, 0.1, 90), Verdict.DOWN, id="all on one list answered"),
        pytest.param((24, 0, NAN), (24.1, 0, NAN), Verdict.DOWN, id="all on both lists answered"),
        pytest.param((24, 0, NAN), (24, 0, NAN), Verdict.NOT_TOLD_APART, id="the same for sure"),
    ],
)
def test_verdicts(now, before, verdict):
    found = change(year(*now), year(*before))
    assert found.verdicts == (verdict,)
    assert np.isnan(found.low[0]) == np.isnan(now[1])


scores = st.tuples(st.floats(0, 30), st.floats(0.01, 5), st.floats(1, 500))


@given(scores, scores)
def test_turned_round_a_change_is_its_opposite(now, before):
    there, back = change(year(*now), year(*before)), change(year(*before), year(*now))
    assert back.difference == pytest.approx(-there.difference)
    assert (back.low[0], back.high[0]) == pytest.approx((-there.high[0], -there.low[0]))
    assert min(now[2], before[2]) - 1e-6 <= there.df[0] <= now[2] + before[2] + 1e-6
    assert there.se[0] >= max(now[1], before[1])


def test_years_of_other_units_are_a_mistake():
    with pytest.raises(ValueError, match="unit by unit"):
        change(year([1, 2], [1, 1], [9, 9]), year([1], [1], [9]))


def with_first(name, **changes):
    """Return members where the first of a list is changed."""
    first, *others = document()[name]
    return {name: [{**first, **changes}, *others]}


def with_new_group():
    first, second = document()["groups"]
    third = {"code": "experts", "words": "专家", "weight": 10, "floor": 9}
    return {"groups": [{**first, "weight": 50}, second, third]}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, (), id="nothing"),
        pytest.param({"name": "新规则", "version": 1}, (), id="a new name"),
        pytest.param(with_first("options", words_en="excellent"), (), id="an English word"),
        pytest.param(with_first("options", points=95), ("levels_changed",), id="points"),
        pytest.param(
            with_first("options", words="很满意"), ("words_changed",), id="a level's words"
        ),
        pytest.param(with_first("items", code="other"), ("items_changed",), id="another item"),
        pytest.param(with_new_group(), ("groups_changed",), id="a new group"),
        pytest.param(
            {"class_weights": {"c": {"citizens": 30, "npc": 70}}}, ("groups_changed",), id="a class"
        ),
        pytest.param(
            {"class_weights": {"c": {"citizens": 60, "npc": 40}}}, (), id="a class like all others"
        ),
        pytest.param({"conversion": {"method": "ratio"}}, ("conversion_changed",), id="conversion"),
        pytest.param(
            {"full_marks": 40, "work_full_marks": 60}, ("full_marks_changed",), id="full marks"
        ),
        pytest.param({"small_samples": "shrink"}, ("small_samples_changed",), id="small samples"),
        pytest.param(with_first("groups", floor=9), ("small_samples_changed",), id="a floor"),
        pytest.param({"trim_percent": 5}, ("trimming_changed",), id="trimming"),
        pytest.param(
            {**with_first("options", points=95, words="好"), "small_samples": "none"},
            ("levels_changed", "small_samples_changed", "words_changed"),
            id="several",
        ),
    ],
)
def test_what_makes_years_incomparable(changes, expected):
    assert comparability(rules(**changes), rules()) == expected
    assert comparability(rules(), rules(**changes)) == tuple(map(Incomparable, expected))


def test_floors_do_not_matter_where_nothing_is_padded():
    years = [rules(small_samples="none", **each) for each in ({}, with_first("groups", floor=9))]
    assert comparability(*years) == ()

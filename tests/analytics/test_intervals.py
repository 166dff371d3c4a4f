from fractions import Fraction

import pytest

from analytics.faults import Fault
from analytics.intervals import social_intervals
from analytics.readers import Invited
from analytics.social import ReadyScore, Unit, score
from analytics.tally import Tally
from tests.analytics.rule_documents import one_group, rules, tally

UNITS = [Unit(code, code, "c") for code in ("U1", "U2", "U3")]
MIXED = {("citizens", "U1"): {"A": 20, "B": 15, "C": 5}, ("citizens", "U2"): {"B": 20, "D": 20}}


def intervals(counts, made, ready=None):
    result = score(counts, made, UNITS, ready)
    return result, social_intervals(counts, made, result)


def test_the_interval_holds_the_score_and_is_wider_than_nothing():
    result, found = intervals(tally(MIXED), one_group())
    for code in ("U1", "U2"):
        interval = found[code]
        assert 0 <= interval.low < float(result.unit(code).direct) < interval.high <= 30
        assert interval.se > 0


def test_where_few_dissent_the_interval_reaches_further_down():
    """990 of 1,000 at the top: below are three standard errors, above less than two."""
    few = tally({("citizens", "U1"): {"A": 990, "B": 4, "C": 3, "E": 3}})
    result, found = intervals(few, one_group(small_samples="none"))
    direct, interval = float(result.unit("U1").direct), found["U1"]
    assert direct - interval.low > 2.4 * interval.se
    assert interval.high - direct < 1.6 * interval.se


def test_a_unit_without_a_score_has_no_interval():
    assert "U3" not in intervals(tally(MIXED), one_group())[1]


def test_ballots_that_all_agree_claim_no_interval_of_width_nought():
    interval = intervals(tally({("citizens", "U1"): {"A": 40}}), one_group())[1]["U1"]
    assert (interval.se, interval.low, interval.high) == (0.0, None, None)


def test_one_ballot_borrows_the_spread_of_its_peers():
    alone = {**MIXED, ("citizens", "U3"): {"B": 1}}
    made = one_group(small_samples="none")
    interval = intervals(tally(alone), made)[1]["U3"]
    assert interval.se == 0.0
    assert interval.high - interval.low > 5


def test_a_spread_that_nobody_knows_is_not_claimed():
    single = {("citizens", "U1"): {"A": 1}, ("citizens", "U2"): {"C": 1}}
    interval = intervals(tally(single), one_group(small_samples="none"))[1]["U1"]
    assert (interval.low, interval.high, interval.df) == (None, None, None)


def test_padding_does_not_pretend_that_no_ballots_are_certainty():
    """A unit of which one group says nothing is as uncertain as the units of its class differ."""
    made = rules(
        groups=[
            {"code": "citizens", "words": "群众", "weight": 99, "floor": 30},
            {"code": "npc", "words": "代表", "weight": 1, "floor": 1},
        ]
    )
    counts = tally({**MIXED, **{("npc", unit.code): {"A": 1, "B": 1} for unit in UNITS}})
    found = intervals(counts, made)[1]
    assert found["U3"].se > 2 * max(found["U1"].se, found["U2"].se)


def test_ready_made_scores_bring_no_variance():
    ready = {"npc": {unit.code: ReadyScore(Fraction(80), 100) for unit in UNITS}}
    assert intervals(tally(MIXED), rules(), ready)[1] == {}


def test_a_result_of_another_tally_is_refused():
    result = score(tally(MIXED), one_group(), UNITS)
    with pytest.raises(Fault, match="not made from this tally"):
        social_intervals(Tally.empty(), one_group(), result)


def listed(counts, made, invited):
    result = score(counts, made, UNITS)
    lists = Invited(invited)
    return result, social_intervals(counts, made, result, lists)


def test_without_lists_nothing_is_said_of_them():
    assert intervals(tally(MIXED), one_group())[1]["U1"].listed is None


def test_a_list_narrows_the_interval_by_what_has_answered():
    """40 of 160 have answered: the variance is 3/4 of that of an endless population."""
    even = tally({**MIXED, ("citizens", "U1"): {"A": 10, "B": 20, "C": 10}})  # without skewness
    found = listed(even, one_group(), {("citizens", None): 160})[1]["U1"]
    assert found.listed.se == pytest.approx(0.75**0.5 * found.se)
    assert found.listed.high - found.listed.low == pytest.approx(
        0.75**0.5 * (found.high - found.low)
    )
    assert found.listed.df == pytest.approx(found.df)
    without = intervals(even, one_group())[1]["U1"]
    assert (found.se, found.low, found.high) == (without.se, without.low, without.high)


def test_a_list_of_which_nobody_knows_the_length_narrows_nothing():
    found = listed(tally(MIXED), one_group(), {("citizens", "U1"): 160})[1]["U2"]
    assert (found.listed.low, found.listed.high) == (found.low, found.high)


@pytest.mark.parametrize("invited", [40, 39], ids=["all", "more than all"])
def test_once_all_on_the_list_have_answered_nothing_is_open(invited):
    result, found = listed(tally(MIXED), one_group(), {("citizens", None): invited})
    direct = float(result.unit("U1").direct)
    interval = found["U1"].listed
    assert (interval.se, interval.low, interval.high, interval.df) == (0.0, direct, direct, None)
    assert found["U1"].se > 0


def test_half_a_list_that_agrees_does_not_speak_for_the_other_half():
    agreed = tally({("citizens", "U1"): {"A": 40}})
    assert listed(agreed, one_group(), {("citizens", None): 80})[1]["U1"].listed.low is None


def test_no_list_takes_away_what_padding_leaves_open():
    padded = tally({**MIXED, ("citizens", "U3"): {"B": 1}})
    found = listed(padded, one_group(), {("citizens", None): 1})[1]["U3"]
    assert found.listed.se == pytest.approx(found.se, rel=0.01)
    assert found.listed.se > 1

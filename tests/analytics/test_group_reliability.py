import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.agreement import Metric, krippendorff_alpha
from analytics.faults import Fault
from analytics.group_reliability import CLAIMS, group_concordance, group_reliability
from analytics.plain_values import plain_value
from analytics.reliability import item_statistics
from analytics.shaping import pattern_counts
from analytics.social import Unit
from analytics.tally import Cell, Tally
from tests.analytics.rule_documents import rules

ITEMS = [{"code": f"i{n}", "words": f"项{n}", "weight": 1} for n in range(3)]
GROUPS = [
    {"code": "citizens", "words": "群众", "weight": 60, "floor": 10},
    {"code": "npc", "words": "代表", "weight": 40, "floor": 2},
]
UNITS = [Unit("U1", "一", "c"), Unit("U2", "二", "c"), Unit("U3", "三", "d")]
RULES = rules(items=ITEMS, groups=GROUPS, min_items_scored=2, small_samples="none")


def patterns_of(counts):
    made = {Cell(group, "open", unit, pattern): n for (group, unit, pattern), n in counts.items()}
    return pattern_counts(Tally(made), RULES, UNITS)


COUNTED = {
    ("citizens", "U1", "AAB"): 3,
    ("citizens", "U1", "BBN"): 2,
    ("citizens", "U2", "CBC"): 4,
    ("citizens", "U2", "NNA"): 1,
    ("npc", "U1", "ABA"): 2,
    ("npc", "U2", "ABB"): 1,
    ("npc", "U3", "EEE"): 5,
}


def test_each_part_is_what_its_own_function_says_of_the_group():
    patterns = patterns_of(COUNTED)
    found = group_reliability(patterns, "citizens")
    points = {option.code: option.points for option in RULES.options}
    a, b, c = (float(points[code]) for code in "ABC")
    items = item_statistics(np.array([[a, a, b], [c, b, c]]), np.array([3, 4]))
    assert found.items.alpha == pytest.approx(items.alpha, nan_ok=True)
    assert (found.items.n, found.items.left_out) == (7, 3)
    # NNA has one item and no score.
    scores = np.array([[0, 0, 2, 3], [4, 0, 0, 0]]), [(2 * c + b) / 3, b, b, (2 * a + b) / 3]
    assert (found.scores.units, found.scores.ratings) == (2, 9)
    assert found.alpha == pytest.approx(krippendorff_alpha(scores[0], np.array(scores[1])))
    assert found.agreement.n.tolist() == [[5, 5, 3], [4, 4, 5], [0, 0, 0]]
    third = np.array([[0, 0, 0, 3, 0], [0, 0, 4, 0, 1]])
    ordinal = krippendorff_alpha(third, np.arange(5.0), Metric.ORDINAL)
    assert found.item_alphas[2] == pytest.approx(ordinal)
    assert set(CLAIMS) == {"items", "scores", "agreement", "alpha"}
    assert plain_value(found)["group"] == "citizens"


def test_groups_that_order_units_alike_concord():
    patterns = patterns_of(COUNTED)
    found = group_concordance(patterns, "c")
    assert (found.w, found.raters, found.units) == (1, 2, 2)
    assert np.isnan(group_concordance(patterns, "d").w)
    assert np.isnan(group_concordance(patterns, "nobody").w)
    assert group_concordance(patterns, "c", patterns.group == 0).raters == 1


def test_a_group_without_ballots_is_told_nothing_and_an_unknown_one_is_refused():
    patterns = patterns_of({("npc", "U3", "EEE"): 5})
    found = group_reliability(patterns, "citizens")
    assert (found.items.n, found.scores.units) == (0, 0)
    assert np.isnan([found.alpha, found.items.alpha, found.scores.icc1]).all()
    assert np.isnan(group_reliability(patterns, "npc").alpha)
    with pytest.raises(Fault, match="reliability: there is no group “nobody”"):
        group_reliability(patterns, "nobody")


answers = st.text("ABEN-", min_size=3, max_size=3)
places = st.tuples(st.sampled_from(["citizens", "npc"]), st.sampled_from(["U1", "U2"]), answers)


@given(st.dictionaries(places, st.integers(1, 9), max_size=12))
def test_whatever_was_answered_is_told_and_nothing_depends_on_flags(counted):
    patterns = patterns_of(counted)
    found = group_reliability(patterns, "npc")
    chosen = group_reliability(patterns, "npc", np.ones(patterns.count.size, bool))
    assert plain_value(found) == plain_value(chosen)
    assert found.items.n + found.items.left_out == patterns.count[patterns.group == 1].sum()

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.shapes import ScoreCounts
from analytics.shaping import score_counts
from analytics.shrinkage import shrunken
from analytics.social import ReadyScore, Unit, score
from analytics.tally import Cell, Tally
from tests.analytics.rule_documents import rules

STATS = Path(__file__).parents[1] / "data" / "stats"
INSTEVAL = json.loads((STATS / "insteval_small.json").read_text())["expected"]
UNITS = [Unit(f"U{n}", "一", "c" if n < 4 else "d") for n in range(6)]
tallies = st.dictionaries(
    st.tuples(
        st.sampled_from(["citizens", "npc"]),
        st.sampled_from([unit.code for unit in UNITS]),
        st.sampled_from("ABCDEN"),
    ),
    st.integers(1, 15),
    min_size=1,
    max_size=25,
).map(lambda counts: Tally({Cell(g, "open", u, p): n for (g, u, p), n in counts.items()}))


def insteval():
    """Return the real ratings 1 to 5 as one group's ballots."""
    counts = np.zeros((14, 1, 5), np.int64)
    with (STATS / "insteval_small.csv").open(newline="") as source:
        for row in csv.DictReader(source):
            counts[INSTEVAL["unit"].index(int(row["unit"])), 0, int(row["rating"]) - 1] += 1
    one = np.ones((14, 1))
    units = tuple(str(unit) for unit in INSTEVAL["unit"])
    values = np.arange(1.0, 6.0)
    return ScoreCounts(units, ("c",) * 14, ("all",), values, counts, one, one, 0 * one, 0.3)


def test_real_ratings_shrink_as_metafor_does():
    made, expected = shrunken(insteval()), INSTEVAL["eb_DL"]
    assert made.composites == pytest.approx(expected["blup"], rel=1e-10)
    assert made.tau2[:, 0] == pytest.approx([expected["tau2"]] * 14, rel=1e-10)
    assert made.prior_mean[:, 0] == pytest.approx([expected["mu"]] * 14, rel=1e-10)
    assert made.strength[0, 0] == pytest.approx(3.65, abs=0.01)
    assert made.own_share[:, 0] == pytest.approx(made.n[:, 0] / (made.n + made.strength)[:, 0])


def test_the_within_variance_is_the_pooled_one_of_icc():
    """ICC(1) of the same ratings was computed elsewhere; with unequal n it is near tau2's share."""
    made = shrunken(insteval())
    share = made.tau2[0, 0] / (made.tau2[0, 0] + made.sigma2[0, 0])
    assert share == pytest.approx(INSTEVAL["icc"]["ICC1"], abs=0.01)


@settings(max_examples=60)
@given(tallies)
def test_it_is_what_the_rule_shrink_does(tally):
    """From the arrays of a padded result, but for the groups that nothing can be said of."""
    padded, shrinking = rules(small_samples="pad"), rules(small_samples="shrink")
    official = score_counts(score(tally, shrinking, UNITS), shrinking)
    for made in (padded, shrinking):
        found = shrunken(score_counts(score(tally, made, UNITS), made))
        known = ~np.isnan(found.tau2) | (found.n > 0)
        counts = known & (official.shares > 0)
        assert found.own_share[counts] == pytest.approx(official.own_shares[counts])
        assert found.counted[counts] == pytest.approx(official.counted_means[counts])
        whole = (known | (official.shares == 0)).all(axis=1)
        assert found.composites[whole] == pytest.approx(official.composites[whole], nan_ok=True)


def test_the_official_shrinkage_of_everything_is_repeated():
    counts = {("citizens", "U0", "A"): 4, ("citizens", "U0", "C"): 3, ("citizens", "U1", "D"): 9}
    counts |= {("citizens", "U1", "B"): 2, ("npc", "U4", "B"): 2, ("npc", "U5", "A"): 7}
    tally = Tally({Cell(g, "open", u, p): n for (g, u, p), n in counts.items()})
    made = rules(small_samples="shrink")
    official = score_counts(score(tally, made, UNITS), made)
    found = shrunken(official)
    assert found.composites == pytest.approx(official.composites, nan_ok=True)
    assert found.counted == pytest.approx(official.counted_means)
    assert np.isnan(found.composites[[2, 3]]).all()
    assert found.strength[4, 1] == 0  # all ballots of each unit agree: they decide alone
    assert found.prior_mean[0, 0] == found.prior_mean[4, 0]  # the other class has no basis


def test_units_that_are_alike_are_not_told_apart():
    counts = np.array([[[5, 5]], [[10, 10]], [[0, 0]]])
    one, class_ = np.ones((3, 1)), ("c",) * 3
    none = np.array([[1.0], [1.0], [0.0]])
    scores = ScoreCounts(("a", "b", "e"), class_, ("g",), np.array([0.0, 100]), counts, one, none,
                         np.array([[0.0], [0.0], [50.0]]), 0.3)  # fmt: skip
    made = shrunken(scores)
    assert made.tau2[:, 0].tolist() == [0, 0, 0]
    assert np.isinf(made.strength).all()
    assert made.own_share[:, 0].tolist() == [0, 0, 0]
    assert made.composites.tolist() == [50, 50, 50]


def test_ready_made_scores_stay_as_they_are():
    tally = Tally({Cell("citizens", "open", "U0", "A"): 5, Cell("citizens", "open", "U1", "B"): 3})
    made = rules(small_samples="shrink")
    ready = {"npc": {code: ReadyScore(70 + n, 20) for n, code in enumerate(("U0", "U1"))}}
    official = score_counts(score(tally, made, UNITS, ready), made)
    found = shrunken(official)
    assert found.composites == pytest.approx(official.composites, nan_ok=True)
    assert found.counted[:2, 1] == pytest.approx([70, 71])
    assert np.isnan(found.strength[:, 1]).all()


def test_it_errs_less_than_padding_to_thirty_where_units_differ_as_real_ones_do():
    """Ballots of variance 400, units of variance 73, half of the units with ten ballots."""
    generator, units = np.random.default_rng(1), 40
    few = np.arange(units) < 20
    n, points = np.where(few, 10, 40), np.arange(-60.0, 221.0)
    one, names = np.ones((units, 1)), tuple(str(u) for u in range(units))
    errors = np.zeros(3)
    for _ in range(40):
        true = 75 + np.sqrt(73) * generator.standard_normal(units)
        counts = np.zeros((units, 1, points.size), np.int64)
        for u in range(units):
            ballots = np.rint(true[u] + 20 * generator.standard_normal(n[u]))
            np.add.at(counts[u, 0], np.clip(ballots + 60, 0, 280).astype(int), 1)
        classes = ("c",) * units
        scores = ScoreCounts(names, classes, ("g",), points, counts, one, one, 0 * one, 0.3)
        means = scores.means[:, 0]
        padded = (n * means + (30 - n) * means[~few].mean()) / 30
        tried = (means, padded, shrunken(scores).composites)
        errors += [np.square(made - true)[few].mean() for made in tried]
    unpadded, padded_error, shrunken_error = np.sqrt(errors / 40)
    assert shrunken_error < 0.9 * min(unpadded, padded_error)

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analytics.covariances import Centre, bounds, difference, mean_covariance, score_covariance
from analytics.designs import SurveyDesign, by
from analytics.faults import Fault
from analytics.intervals import social_intervals
from analytics.pair_tables import pair_tables
from analytics.shapes import NOWHERE, RatingRows, ScoreCounts
from analytics.shaping import score_counts
from analytics.social import ReadyScore, Unit, score
from analytics.variances import limits
from tests.analytics.rule_documents import rules, tally

STATS = Path(__file__).parents[1] / "data" / "stats"
EXAMPLES = json.loads((STATS / "score30_examples.json").read_text())
INSTEVAL = json.loads((STATS / "insteval_small.json").read_text())
POINTS = np.array([0.0, 40, 60, 80, 100])
UNITS = [Unit("U1", "一", "c"), Unit("U2", "二", "c"), Unit("U3", "三", "d")]


def counted(rows_of, weights, values=POINTS, scale=0.3):
    """Return the counts of ratings by group, without any treatment of small samples."""
    units = next(iter(rows_of.values())).units
    counts = np.zeros((units, len(rows_of), values.size), np.int64)
    for g, rows in enumerate(rows_of.values()):
        np.add.at(counts, (rows.unit, g, np.searchsorted(values, rows.value)), 1)
    present = np.where(counts.sum(axis=2) > 0, np.array(weights, float), 0.0)
    total = present.sum(axis=1, keepdims=True)
    shares = present / np.where(total > 0, total, 1)
    names = tuple(str(number) for number in range(units))
    nothing = np.zeros(shares.shape)
    return ScoreCounts(
        names, ("c",) * units, tuple(rows_of), values, counts, shares, nothing + 1, nothing, scale
    )


@pytest.fixture(scope="module")
def insteval():
    """Return the counts and the pair tables of real ratings."""
    with (STATS / "insteval_small.csv").open(newline="") as source:
        read = list(csv.DictReader(source))
    units = {str(code): number for number, code in enumerate(INSTEVAL["expected"]["unit"])}
    weights = INSTEVAL["spec"]["group_weights"]
    rows_of = {}
    for group in weights:
        own = [row for row in read if row["group"] == group]
        people = {name: number for number, name in enumerate({r["appraiser"] for r in own})}
        rows_of[group] = RatingRows(
            len(people),
            len(units),
            np.array([people[row["appraiser"]] for row in own]),
            np.array([units[row["unit"]] for row in own]),
            POINTS[[int(row["rating"]) - 1 for row in own]],
        )
    pairs = {group: pair_tables(rows) for group, rows in rows_of.items()}
    return counted(rows_of, list(weights.values())), pairs


def test_independent_groups_agree_with_r_survey(insteval):
    found = score_covariance(insteval[0], {})
    assert found.plain_se == pytest.approx(INSTEVAL["expected"]["se30"], rel=1e-12)


def test_clustered_groups_agree_with_r_survey(insteval):
    expected = INSTEVAL["expected"]
    found = score_covariance(*insteval, centre=Centre.UNIT)
    assert found.plain_se == pytest.approx(expected["clustered_se30"], rel=1e-12)
    first = np.array(expected["clustered_vcov_first4"])
    assert found.plain[:4, :4] == pytest.approx(first, rel=1e-10)


def test_the_hand_worked_covariance_of_two_units():
    case = EXAMPLES["covariance"]
    ratings = [
        (int(who) - 1, unit, value)
        for unit, name in enumerate("xy")
        for who, value in case[name].items()
    ]
    appraiser, unit, value = (np.array(each) for each in zip(*ratings, strict=True))
    found = mean_covariance(pair_tables(RatingRows(6, 2, appraiser, unit, value)))
    expected = [[case["var_x"], case["cov"]], [case["cov"], case["var_y"]]]
    assert found == pytest.approx(np.array(expected))
    assert difference(found, 0, 1) == pytest.approx(case["se_diff"])
    assert difference(found, [0, 0], [1, 0]) == pytest.approx([case["se_diff"], 0])


def test_bounds_of_a_sum_and_of_a_difference():
    case = EXAMPLES["questions"]
    errors = []
    for question in case["questions"]:
        square = 0.0
        for group in question["groups"]:
            points = np.repeat([1, 0.8, 0.6, 0.4, 0], group["counts"])
            square += 0.25 * points.var(ddof=1) / points.size
        errors.append({"3/5": 0.6, "2/5": 0.4}[question["weight"]] * 30 * square**0.5)
    found = bounds(errors)
    assert found == pytest.approx((case["se_if_independent"], case["se_if_correlation_1"]))
    assert bounds([3, -4]) == (5.0, 1.0)


group_of = st.integers(0, 6).flatmap(
    lambda people: st.tuples(
        st.just(people),
        st.dictionaries(
            st.tuples(st.integers(0, max(people - 1, 0)), st.integers(0, 3)),
            st.sampled_from(POINTS.tolist()),
            max_size=20 if people else 0,
        ),
    )
)


def ratings(drawn):
    people, values = drawn
    keys = np.array(list(values), np.int64).reshape(-1, 2)
    return RatingRows(people, 4, keys[:, 0], keys[:, 1], np.array(list(values.values()), float))


@given(st.tuples(group_of.map(ratings), group_of.map(ratings)))
def test_pair_tables_say_what_rows_say_by_linearisation(groups):
    """The covariance of all unit and group means by a survey of appraisers in strata."""
    rows_of = dict(zip("gh", groups, strict=True))
    scores = counted(rows_of, [60, 40], scale=1.0)
    found = score_covariance(scores, {name: pair_tables(rows) for name, rows in rows_of.items()})
    # Appraisers without a rating are in the sample: a row outside all domains.
    everybody = [
        (g, who, -1, 0.0) for g, rows in enumerate(groups) for who in range(rows.appraisers)
    ]
    rated = [
        (g, who, unit * 2 + g, value)
        for g, rows in enumerate(groups)
        for who, unit, value in zip(rows.appraiser, rows.unit, rows.value, strict=True)
    ]
    assume(rated)
    g, who, domain, value = np.array([*everybody, *rated]).T
    design = SurveyDesign(np.ones(g.size), g, who, lonely="certainty")
    means = by(value, domain.astype(int), design)
    covariance = np.zeros((8, 8))
    size = len(means.estimates)
    covariance[:size, :size] = np.nan_to_num(means.covariance)
    shares = scores.shares
    expected = np.zeros((4, 4))
    for g in range(2):
        expected += np.outer(shares[:, g], shares[:, g]) * covariance[g::2, g::2]
    known = ~np.isnan(scores.composites)
    assert found.plain[np.ix_(known, known)] == pytest.approx(
        expected[np.ix_(known, known)], abs=1e-8
    )
    assert np.isnan(found.plain[~known]).all()
    careful = found.careful[~np.isnan(found.careful)]
    side = int(careful.size**0.5)
    if side:
        assert np.linalg.eigvalsh(careful.reshape(side, side)).min() > -1e-6


tallies = st.dictionaries(
    st.tuples(st.sampled_from(["citizens", "npc"]), st.sampled_from(["U1", "U2", "U3"])),
    st.dictionaries(st.sampled_from("ABCDE"), st.integers(1, 12), min_size=1, max_size=4),
    min_size=1,
    max_size=6,
).map(tally)


class Everybody:
    """A list of 40 people for every group and unit but one, of which nobody knows."""

    def of(self, group, unit):
        return None if (group, unit) == ("npc", "U2") else 40


@given(tallies, st.sampled_from(["pad", "none", "shrink"]), st.booleans())
def test_independent_groups_are_as_uncertain_as_the_exact_result_says(counts, treated, listed):
    made = rules(small_samples=treated)
    result = score(counts, made, UNITS)
    scores = score_counts(result, made)
    lists = Everybody() if listed else None
    numbers = (
        [[lists.of(g, u) or NOWHERE for g in scores.groups] for u in scores.units]
        if lists
        else None
    )
    found = score_covariance(scores, {}, None if numbers is None else np.array(numbers))
    exact = social_intervals(counts, made, result, lists)
    for u, code in enumerate(scores.units):
        if code not in exact:
            assert np.isnan(found.plain[u, u])
            assert np.isnan(found.careful[u, u])
            continue
        interval = exact[code].listed if listed else exact[code]
        assert found.plain_se[u] == pytest.approx(interval.se, abs=1e-6)
        assert (interval.low is None) == bool(np.isnan(found.careful[u, u]))
        if interval.df is not None:
            assert found.df[u] == pytest.approx(interval.df, rel=1e-5)
            direct = float(result.unit(code).direct)
            ends = limits(direct, found.careful_se[u], found.df[u], found.skewness[u])
            assert np.clip(ends, 0, 30) == pytest.approx([interval.low, interval.high], rel=1e-5)
            assert found.variance_shares[u].sum() == pytest.approx(1)
    off = found.plain[~np.eye(3, dtype=bool)]
    assert np.nan_to_num(off).tolist() == [0.0] * 6


def test_a_group_of_ready_made_scores_has_no_error_to_tell():
    ready = {"npc": {unit.code: ReadyScore(80, 100) for unit in UNITS}}
    counts = tally({("citizens", "U1"): {"A": 3, "C": 4}, ("citizens", "U2"): {"B": 3, "C": 4}})
    made = rules(small_samples="none")
    found = score_covariance(score_counts(score(counts, made, UNITS, ready), made), {})
    assert np.isnan(found.plain).all()
    assert np.isnan(found.careful).all()


def complete(values):
    """Return ratings where everybody rates all units: values (A, U)."""
    people, units = values.shape
    appraiser, unit = (each.ravel() for each in np.indices(values.shape))
    return RatingRows(people, units, appraiser, unit, values.ravel())


def test_people_who_are_severe_to_all_do_not_blur_differences():
    severity = np.array([0.0, 40, 60, 80, 100])[:, None]
    rows = complete(np.repeat(severity, 3, axis=1))
    found = score_covariance(counted({"npc": rows}, [100]), {"npc": pair_tables(rows)})
    assert difference(found.plain, 0, [1, 2]) == pytest.approx(0, abs=1e-6)
    assert difference(found.careful, 0, [1, 2]) == pytest.approx(0, abs=1e-6)
    assert (found.careful_se >= found.plain_se - 1e-12).all()


def test_a_group_of_one_does_not_lend_its_spread_the_correlation_of_another():
    """The second group's single ballots add careful variance, which no two units share."""
    severity = np.array([0.0, 40, 60, 80, 100])[:, None]
    npc = complete(np.repeat(severity, 3, axis=1))
    leaders = RatingRows(4, 3, np.arange(4), np.array([0, 1, 2, 2]), np.array([40.0, 60, 0, 100]))
    scores = counted({"npc": npc, "leaders": leaders}, [50, 50])
    found = score_covariance(scores, {"npc": pair_tables(npc)})
    assert found.plain[0, 1] == pytest.approx(found.careful[0, 1])
    alone = found.variance_shares[0, 1] * found.careful[0, 0]
    assert difference(found.careful, 0, 1) == pytest.approx((2 * alone) ** 0.5)


def test_everybody_on_the_list_leaves_nothing_open():
    rows = complete(np.array([[0.0, 40], [100, 60], [80, 80], [100, 0]]))
    scores, pairs = counted({"npc": rows}, [100]), {"npc": pair_tables(rows)}
    open_ended = score_covariance(scores, pairs)
    half = score_covariance(scores, pairs, np.full((2, 1), 8))
    assert half.plain == pytest.approx(open_ended.plain / 2)
    assert half.careful == pytest.approx(open_ended.careful / 2)
    for invited in (4, 3):  # a list shorter than its ballots is wrong, but no factor is below 0
        nothing = score_covariance(scores, pairs, np.full((2, 1), invited))
        assert nothing.careful.tolist() == [[0, 0], [0, 0]]
        assert np.isnan(nothing.df).all()


def test_ballots_that_all_agree_are_not_certainty():
    rows = complete(np.full((5, 2), 80.0))
    found = score_covariance(counted({"npc": rows}, [100]), {"npc": pair_tables(rows)})
    assert found.plain.tolist() == [[0, 0], [0, 0]]
    assert np.isnan(found.careful).all()


def test_pair_tables_of_other_ballots_are_refused():
    rows = complete(np.array([[0.0, 40], [100, 60]]))
    fewer = RatingRows(2, 2, rows.appraiser[1:], rows.unit[1:], rows.value[1:])
    scores = counted({"npc": rows}, [100])
    with pytest.raises(Fault, match="not of the ballots that count"):
        score_covariance(scores, {"npc": pair_tables(fewer)})
    with pytest.raises(ValueError, match="other groups or units"):
        score_covariance(scores, {"citizens": pair_tables(rows)})
    with pytest.raises(ValueError, match="for each unit and group"):
        score_covariance(scores, {}, np.array([4, 4]))

"""Evidence of a whole round: it agrees with the official figures, and holds on any input."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import t as student

from analytics.evidence.classes import compared_ranks
from analytics.evidence.comments import all_comments, read_comments
from analytics.evidence.gathering import evidence_of
from analytics.evidence.inputs import LastYear, PopulationTable, Written
from analytics.evidence.parts import EvidenceParts
from analytics.evidence.quality import quality_evidence
from analytics.plain_values import plain_value
from analytics.quality.report import quality
from analytics.shapes import NOWHERE
from analytics.shaping import score_counts
from analytics.social import score
from tests.analytics import stuffed_rounds
from tests.analytics.made_round import (
    made_inputs,
    made_rows,
    made_rules,
    made_units,
    of_rows,
    shuffled,
    tally_of_rows,
)
from tests.analytics.stuffed_rounds import honest_round, stuffed


@pytest.fixture(scope="module")
def inputs():
    return made_inputs()


@pytest.fixture(scope="module")
def found(inputs):
    return evidence_of(inputs)


def flat(value, path=""):
    """Return every number and word of a document by its path."""
    if isinstance(value, dict):
        return {k: v for key, one in value.items() for k, v in flat(one, f"{path}/{key}").items()}
    if isinstance(value, list):
        return {k: v for n, one in enumerate(value) for k, v in flat(one, f"{path}/{n}").items()}
    return {path: value}


def test_a_theme_of_too_few_comments_is_not_told_of_the_round_either(inputs):
    said = ["窗口排队太久"] * 5 + ["电话没人接"] * 4
    written = tuple(Written(0, 0, words) for words in said)
    told = all_comments(read_comments(replace(inputs, written=written)))
    assert (told.count, [(one.code, one.count) for one in told.themes]) == (9, [("queue", 5)])
    few = all_comments(read_comments(replace(inputs, written=written[:3])))
    assert (few.count, few.themes) == (3, ())


def test_scores_are_the_official_ones(inputs, found):
    for unit, official in zip(found.units, inputs.social.units, strict=True):
        assert unit.code == official.unit.code
        assert unit.direct.score == pytest.approx(float(official.direct))
        assert unit.social.score == pytest.approx(float(official.social))
        low, high = unit.direct.limits
        assert low < unit.direct.score < high


def test_ranks_are_those_of_the_ranked_units_in_their_class(inputs, found):
    for one in found.classes:
        scores = {
            unit.unit.code: unit.social
            for unit in inputs.social.units
            if unit.unit.ranked and unit.unit.unit_class == one.code
        }
        assert list(one.units) == sorted(scores, key=scores.__getitem__, reverse=True)
        for place, code in enumerate(one.units, start=1):
            rank = next(unit for unit in found.units if unit.code == code).rank
            assert rank.rank == place
            assert rank.low <= rank.own_low <= place <= rank.own_high <= rank.high
            assert len(rank.like) <= len(one.units) - 1
    assert [unit.code for unit in found.units if unit.rank is None] == ["U5"]


def test_who_cannot_be_told_apart_is_said_on_both_sides(found):
    like = {unit.code: unit.rank.like for unit in found.units if unit.rank is not None}
    for code, others in like.items():
        assert code not in others
        assert all(code in like[other] for other in others)


def test_shares_of_uncertainty_add_up(found):
    for unit in found.units:
        assert sum(cell.variance_share for cell in unit.groups) == pytest.approx(1)
        assert sum(cell.share for cell in unit.groups) == pytest.approx(1)


def test_deputies_who_rate_all_units_cannot_change_their_order(found):
    verdicts = {one.group: one.verdict for one in found.severity}
    assert verdicts["npc"] == "no_effect_by_design"
    assert verdicts["citizens"] in {"fitted", "no_difference_seen"}


def test_a_list_that_answered_in_part_makes_scores_surer(found):
    for unit in found.units:
        assert unit.direct.finite_se < unit.direct.se


def test_the_order_of_ballots_changes_nothing(inputs, found):
    again = evidence_of(shuffled(inputs, seed=5))
    before, after = flat(plain_value(found)), flat(plain_value(again))
    assert before.keys() == after.keys()
    for path, value in before.items():
        if isinstance(value, float):
            assert after[path] == pytest.approx(value, rel=1e-6, abs=1e-9), path
        else:
            assert after[path] == value, path


def test_nothing_in_it_is_what_json_cannot_hold(found):
    json.dumps(plain_value(found), allow_nan=False)


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: made_inputs(units=1, citizens=1, deputies=0), id="one ballot"),
        pytest.param(lambda: made_inputs(units=1, citizens=5, deputies=3), id="one unit"),
        pytest.param(lambda: made_inputs(units=2, citizens=2, deputies=1), id="hardly any"),
        pytest.param(lambda: made_inputs(units=5, citizens=0, deputies=4), id="one group"),
        pytest.param(lambda: made_inputs(units=4, citizens=30, deputies=0), id="no deputies"),
        pytest.param(lambda: made_inputs(small_samples="none"), id="no padding"),
        pytest.param(lambda: made_inputs(small_samples="shrink"), id="shrinkage"),
        pytest.param(lambda: made_inputs(trim_percent="10"), id="trimmed"),
        pytest.param(lambda: made_inputs(conversion={"method": "ratio"}), id="ratio"),
        pytest.param(lambda: made_inputs(conversion={"method": "rank"}), id="rank"),
        pytest.param(
            lambda: made_inputs(units=12, conversion={"method": "standard"}), id="standard"
        ),
        pytest.param(lambda: made_inputs(units=3, citizens=40), id="all units ranked"),
    ],
)
def test_any_round_has_evidence(made):
    inputs = made()
    document = json.dumps(plain_value(evidence_of(inputs)), allow_nan=False)
    assert f'"seed": {inputs.seed}' in document


def test_ballots_that_all_say_the_same_claim_no_certainty():
    made, units = made_rules(), made_units(4)
    rows = made_rows(units, 40, 6, 1, made)
    same = of_rows(replace(rows, levels=np.zeros_like(rows.levels)), units, made)
    found = evidence_of(same)
    assert all(unit.direct.limits is None for unit in found.units)
    assert all(unit.rank is None for unit in found.units)


def test_a_unit_whose_error_nobody_knows_counts_as_the_least_certain():
    """One unit was rated by a single deputy and nobody else, the others by citizens alone."""
    made, units = made_rules(small_samples="none"), made_units(6, classes=1)
    rows = made_rows(units, 200, 1, 3, made)
    by_deputy = rows.ballot == 200
    kept = np.where(by_deputy, rows.unit == 2, rows.unit != 2)
    thin = replace(rows, ballot=rows.ballot[kept], unit=rows.unit[kept], levels=rows.levels[kept])
    parts = EvidenceParts(of_rows(thin, units, made))
    assert np.isnan(parts.covariance.careful_se[2])
    compared = compared_ranks(parts, "c0", np.arange(5), top=1)
    assert (compared.of, compared.lent.tolist()) == ("direct", [2])
    others = [0, 1, 3, 4]
    errors, df = parts.covariance.careful_se, parts.covariance.df
    least = max(others, key=lambda other: errors[other])
    expected = 1.0
    for other in others:
        squares = np.array([errors[least], errors[other]]) ** 2
        freedom = squares.sum() ** 2 / (squares**2 / df[[least, other]]).sum()
        apart = compared.scores[other] - compared.scores[2]
        expected += student.cdf(apart / squares.sum() ** 0.5, freedom)
    assert compared.sets.expected[2] == pytest.approx(expected)


def test_what_is_drawn_hangs_on_the_tally_and_on_nothing_else(inputs):
    assert shuffled(inputs, seed=2).seed == inputs.seed
    assert made_inputs(seed=2).seed != inputs.seed


def test_doubted_ballots_are_named_by_group_and_name_and_not_as_they_came():
    rows = honest_round(3, ballots=400)
    copies = np.tile(np.array([[0, 1, 2, 0, 1], [1, 1, 3, 2, 0], [2, 0, 1, 1, 1]]), (60, 1, 1))
    rows = stuffed(rows, copies, [1, 4, 7], pace=0.3)
    order = np.random.default_rng(1).permutation(len(rows.ballots))
    rows = stuffed_rounds.shuffled(rows, order)
    parts = SimpleNamespace(
        inputs=SimpleNamespace(rows=rows), quality=quality(rows, ["c"] * len(rows.units))
    )
    listed = quality_evidence(parts).listed
    assert sum(one.ballot.startswith("s") for one in listed) > 50
    assert list(listed) == sorted(listed, key=lambda one: (one.group, one.ballot))
    assert {"copied_answers", "faster"} <= set(listed[-1].reasons)


def test_a_sample_of_ballots_makes_no_pairs(inputs):
    found = evidence_of(replace(inputs, is_sample=True))
    assert (found.is_sample, found.together, found.severity) == (True, (), ())


def test_ballots_that_say_their_kind_are_weighted_to_the_population(inputs):
    answers = np.where(inputs.rows.group == 0, np.arange(inputs.rows.group.size) % 3 % 2, NOWHERE)
    table = PopulationTable(
        ("role",), (("firm", "person"),), (np.array([500, 500]),), answers[:, None]
    )
    found = evidence_of(replace(inputs, population=table))
    (weighted,) = found.population
    assert (weighted.group, weighted.n, weighted.left_out) == ("citizens", 120, 0)
    assert (weighted.trimmed, weighted.obstacle) == (0, None)
    assert weighted.largest_miss < 1e-9
    assert weighted.design_effect == pytest.approx(120 * (40 * 1.5**2 + 80 * 0.75**2) / 120**2)
    by_unit = {unit.code: unit.population for unit in found.units}
    assert any(cell.weighted != pytest.approx(cell.mean) for (cell,) in by_unit.values())


def test_extreme_weights_are_cut_and_what_that_misses_is_said(inputs):
    """A third of the ballots stand for 98 of 100 people: full weights would differ by 98."""
    answers = np.where(inputs.rows.group == 0, np.arange(inputs.rows.group.size) % 3 % 2, NOWHERE)
    table = PopulationTable(
        ("role",), (("firm", "person"),), (np.array([20, 980]),), answers[:, None]
    )
    (weighted,) = evidence_of(replace(inputs, population=table)).population
    assert weighted.trimmed == 40
    assert weighted.largest_miss > 0.1
    assert weighted.design_effect < 120 * (40 * 24.5**2 + 80 * 0.25**2) / (40 * 24.5 + 20) ** 2


@pytest.mark.parametrize(
    ("people", "citizens", "obstacle"),
    [
        pytest.param({"role": [500, 500]}, 20, ("few", ""), id="too few ballots"),
        pytest.param(
            {"role": [500, 0]}, 120, ("no_people", "role · person"), id="a kind without people"
        ),
        pytest.param(
            {"role": [5, 5, 5]}, 120, ("no_ballots", "role · other"), id="a kind without ballots"
        ),
        pytest.param(
            {"role": [5, 5], "age": [5, 6]}, 120, ("totals", "role · age"), id="two populations"
        ),
    ],
)
def test_a_population_that_cannot_be_met_is_said(people, citizens, obstacle):
    inputs = made_inputs(citizens=citizens)
    answers = np.where(inputs.rows.group == 0, np.arange(inputs.rows.group.size) % 2, NOWHERE)
    table = PopulationTable(
        tuple(people),
        tuple(("firm", "person", "other")[: len(counts)] for counts in people.values()),
        tuple(np.array(counts) for counts in people.values()),
        np.tile(answers[:, None], (1, len(people))),
    )
    found = evidence_of(replace(inputs, population=table))
    (weighted,) = found.population
    assert (weighted.obstacle, weighted.obstacle_at) == obstacle
    assert all(unit.population == () for unit in found.units)


def test_a_year_is_held_against_the_one_before(inputs):
    before = made_inputs(units=5, citizens=200, seed=9)
    earlier = LastYear("去年", None, before.rules, score_counts(before.social, before.rules))
    found = evidence_of(replace(inputs, last_year=earlier))
    assert found.year.name == "去年"
    assert found.year.obstacles == ()
    changes = {unit.code: unit.change for unit in found.units}
    assert changes["U5"] is None  # it was not there
    direct = {one.unit.code: float(one.direct) for one in before.social.units}
    for code in ("U0", "U3"):
        change = changes[code]
        now = next(unit.direct.score for unit in found.units if unit.code == code)
        assert change.before == pytest.approx(direct[code])
        assert change.difference == pytest.approx(now - direct[code])
        low, high = change.limits
        assert low < change.difference < high
        assert change.verdict in {"up", "down", "not_told_apart"}


def test_a_year_under_other_rules_says_what_is_different(inputs):
    made = made_rules(small_samples="none")
    before = score(tally_of_rows(inputs.rows), made, inputs.units)
    earlier = LastYear("去年", None, made, score_counts(before, made))
    assert evidence_of(replace(inputs, last_year=earlier)).year.obstacles == (
        "small_samples_changed",
    )

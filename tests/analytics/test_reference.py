"""Figures that were computed elsewhere: by hand, by R survey and by metafor."""

import csv
import json
from fractions import Fraction
from pathlib import Path

import pytest

from analytics.figures import round_half_up
from analytics.files import score_files
from analytics.intervals import interval_of, mean_variances, social_intervals
from analytics.merge import combine
from analytics.rules import parse_rules
from analytics.shrinkage import Prior, Sample, prior_of
from analytics.social import SocialResult, Unit, UnitScore, score
from analytics.tally import Tally
from tests.analytics.rule_documents import document, rules, tally

STATS = Path(__file__).parents[1] / "data" / "stats"
EXAMPLES = json.loads((STATS / "score30_examples.json").read_text())
INSTEVAL = json.loads((STATS / "insteval_small.json").read_text())["expected"]
UNIT = [Unit("U", "U", "c")]


def rules_of(case):
    """Return the rule set of a hand-worked case: coefficients as points, no padding."""
    return rules(
        options=[
            {"code": "ABCDE"[n], "words": "级", "points": str(100 * Fraction(coefficient))}
            for n, coefficient in enumerate(case["coef"])
        ],
        groups=[
            {
                "code": group["group"],
                "words": "组",
                "weight": str(float(100 * Fraction(group["weight"]))),
                "floor": 1,
            }
            for group in case["groups"]
        ],
        small_samples="none",
    )


def tally_of(case):
    return tally(
        {
            (group["group"], "U"): dict(zip("ABCDE", group["counts"], strict=False))
            for group in case["groups"]
        }
    )


@pytest.mark.parametrize("case", EXAMPLES["cases"], ids=lambda case: case["name"])
def test_hand_worked_scores_and_errors(case):
    made, counts = rules_of(case), tally_of(case)
    result = score(counts, made, UNIT)
    unit = result.unit("U")
    assert [None if g.mean is None else str(g.mean / 100) for g in unit.groups] == (
        case["group_means"]
    )
    assert unit.social == Fraction(case["score_exact"])
    assert str(round_half_up(unit.social, 2)) == case["score_2dp"]
    interval = social_intervals(counts, made, result)["U"]
    assert interval.se == pytest.approx(case["se"], rel=1e-12, abs=1e-12)


def test_hand_worked_ranks():
    case = EXAMPLES["ranks"]
    scores = [Fraction(each) for each in case["scores"]]
    units = tuple(
        UnitScore(Unit(str(n), "", "c"), (), Fraction(90), Fraction(90), figure, figure)
        for n, figure in enumerate(scores)
    )
    results = combine(SocialResult("", Tally.empty(), units, (), (), ()), None, rules())
    assert [r.rank for r in results] == case["rank_min"]
    assert [str(r.rounded.social) for r in results][:4] == case["printed"][:4]
    # 26.9949 prints 26.99: it is below the half.
    assert str(results[4].rounded.social) == case["printed"][4]


def test_hand_worked_merge():
    rows = EXAMPLES["merge"]["rows"]
    units = tuple(
        UnitScore(Unit(row["unit"], "", "c"), (), Fraction(90), social=Fraction(row["social"]))
        for row in rows
    )
    work = {row["unit"]: Fraction(row["work"]) for row in rows}
    results = combine(SocialResult("", Tally.empty(), units, (), (), ()), work, rules())
    assert [str(r.total) for r in results] == [row["total_2dp"] for row in rows]
    assert [r.rank for r in results] == EXAMPLES["merge"]["rank_min"]


@pytest.fixture
def insteval(tmp_path):
    """Write the real ratings in the form of our files and return rules, ratings and units."""
    with (STATS / "insteval_small.csv").open(newline="") as source:
        rows = list(csv.DictReader(source))
    ratings, units = tmp_path / "ratings.csv", tmp_path / "units.csv"
    with ratings.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["ballot", "group", "unit", "rating"])
        writer.writerows([r["appraiser"], r["group"], r["unit"], r["rating"]] for r in rows)
    lines = [f"{unit},Lecturer {unit},dept2,1" for unit in INSTEVAL["unit"]]
    units.write_text("\n".join(["code,name,class,ranked", *lines]))
    return ratings, units


def five_levels(points, groups, **changes):
    return parse_rules(
        document(
            options=[
                {"code": str(n), "words": str(n), "points": worth}
                for n, worth in enumerate(points, start=1)
            ],
            items=[{"code": "rating", "words": "评分", "weight": 1}],
            groups=[
                {"code": code, "words": code, "weight": weight, "floor": 1}
                for code, weight in groups.items()
            ],
            **changes,
        )
    )


def test_real_ratings_agree_with_r_survey(insteval):
    made = five_levels(
        [0, 40, 60, 80, 100], {"2": 15, "4": 20, "6": 25, "8": 40}, small_samples="none"
    )
    document_ = score_files(made, *insteval)
    units = document_["units"]
    assert [int(unit["code"]) for unit in units] == INSTEVAL["unit"]
    assert [float(unit["social"]) for unit in units] == pytest.approx(
        INSTEVAL["score30"], rel=1e-12
    )
    assert [float(unit["interval"]["se"]) for unit in units] == pytest.approx(
        INSTEVAL["se30"], rel=1e-12
    )
    assert [[g["valid"] for g in unit["groups"].values()] for unit in units] == (
        INSTEVAL["n_by_group"]
    )
    order = sorted(INSTEVAL["score30"], reverse=True)
    assert [unit["rank"] for unit in units] == [
        order.index(figure) + 1 for figure in INSTEVAL["score30"]
    ]


def test_real_ratings_shrink_as_metafor_does(insteval):
    """All ratings as one group; points 0 to 100 are 25 times a rating of 1 to 5 less 1."""
    ratings, units = insteval
    lines = ratings.read_text().splitlines()
    one_group = [lines[0]]
    for line in lines[1:]:
        ballot, group, unit, rating = line.split(",")
        one_group.append(f"{group}-{ballot},all,{unit},{rating}")
    ratings.write_text("\n".join(one_group))
    made = five_levels([0, 25, 50, 75, 100], {"all": 100}, small_samples="shrink")
    document_ = score_files(made, ratings, units)
    assert [float(u["groups"]["all"]["padded"]) / 25 + 1 for u in document_["units"]] == (
        pytest.approx(INSTEVAL["eb_DL"]["blup"], rel=1e-10)
    )
    mu = float(document_["units"][0]["groups"]["all"]["mu"]) / 25 + 1
    assert mu == pytest.approx(INSTEVAL["eb_DL"]["mu"], rel=1e-10)


def test_the_prior_of_real_ratings_agrees_with_metafor(insteval):
    with insteval[0].open(newline="") as source:
        ratings = [(row["unit"], int(row["rating"])) for row in csv.DictReader(source)]
    samples = []
    for unit in INSTEVAL["unit"]:
        own = [Fraction(rating) for code, rating in ratings if code == str(unit)]
        mean = sum(own) / len(own)
        samples.append(Sample(len(own), mean, sum((r - mean) ** 2 for r in own)))
    prior = prior_of(samples)
    assert float(prior.tau2) == pytest.approx(INSTEVAL["eb_DL"]["tau2"], rel=1e-10)


@pytest.mark.parametrize("row", EXAMPLES["shrinkage"]["rows"], ids=lambda row: f"n {row['n']}")
def test_hand_worked_shrinkage(row):
    """With n0 fixed, padding's own share of a prior of that strength gives the same figure."""
    prior = Prior(Fraction(row["prior"]), Fraction(1), Fraction(row["n0"]), Fraction(row["n0"]))
    z = prior.own_share(row["n"])
    assert z * Fraction(row["mean"]) + (1 - z) * prior.mean == Fraction(row["shrunk"])


def test_the_hand_worked_interval():
    """Variances there are of coefficients 0 to 1; ours are of points 0 to 100."""
    made, case = rules(), EXAMPLES["interval"]
    shares = {"leaders": 0.4, "deputies": 0.3, "citizens": 0.3}
    plain, careful = [], []
    for row in case["rows"]:
        sample = Sample(row["n"], Fraction(0), Fraction(row["s2"]) * (row["n"] - 1) * 10**4)
        own, larger = mean_variances(sample, row["s2_pool"] * 10**4)
        assert larger.variance == pytest.approx(row["s2_used"] * 10**4 / row["n"])
        assert larger.df == row["df"]
        plain.append(own.weighted(shares[row["group"]]))
        careful.append(larger.weighted(shares[row["group"]]))
    interval = interval_of(24.804, plain, careful, made)
    assert interval.se == pytest.approx(0.6117651799595342)
    assert (interval.low, interval.high, interval.df) == pytest.approx(
        (case["lo"], case["hi"], case["df"])
    )

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.analyses import (
    RakeChoices,
    change_analysis,
    chosen_margins,
    drivers_analysis,
    interval_analysis,
    quality_analysis,
    rake_analysis,
    ranks_analysis,
    read_intervals,
    read_people,
    reliability_analysis,
    sensitivity_analysis,
    severity_analysis,
    small_samples_analysis,
)
from analytics.analyses.studies import read_study
from analytics.ballot_tables import read_places
from analytics.drivers.report import drivers
from analytics.faults import Fault, Faults, FileFault
from analytics.population_tables import read_population
from analytics.ranks import rank_table
from analytics.rules import preset
from analytics.shaping import pattern_counts
from analytics.weighting.calibration import Bounds
from tests.analytics.rule_documents import rules
from tests.analytics.study_files import (
    FOUR_GROUPS,
    HEADER,
    INSTEVAL,
    five_levels,
    insteval_files,
    study_of,
    units_header,
)

COEFFICIENTS = [0, 40, 60, 80, 100]
EQUAL_STEPS = [0, 25, 50, 75, 100]  # 25 times a rating of 1 to 5 less 1
REAL_UNITS = [str(unit) for unit in INSTEVAL["unit"]]


@pytest.fixture(scope="module")
def real_study(tmp_path_factory):
    """The real ratings in their four groups, scored as the reference scores them."""
    made = five_levels(COEFFICIENTS, FOUR_GROUPS)
    return read_study(made, insteval_files(tmp_path_factory.mktemp("insteval")))


@pytest.fixture(scope="module")
def pooled_study(tmp_path_factory):
    """The same ratings as one group, in equal steps."""
    made = five_levels(EQUAL_STEPS, {"all": 100})
    return read_study(made, insteval_files(tmp_path_factory.mktemp("pooled"), one_group=True))


def column(document, name, codes=REAL_UNITS, rows="units"):
    """Return a figure of each unit, found by its code."""
    of_unit = {row["unit"]: row[name] for row in document[rows]}
    return [of_unit[code] for code in codes]


def test_intervals_agree_with_r_survey(real_study):
    found = interval_analysis(real_study)
    assert [row["unit"] for row in found["units"]] == REAL_UNITS
    assert column(found, "direct") == pytest.approx(INSTEVAL["score30"], rel=1e-12)
    assert column(found, "plain_se") == pytest.approx(INSTEVAL["se30"], rel=1e-12)
    covariance = found["covariance"]
    assert covariance["units"] == REAL_UNITS
    table = np.array(covariance["as_survey"])
    assert np.sqrt(np.diag(table)) == pytest.approx(INSTEVAL["clustered_se30"], rel=1e-12)
    assert table[:4, :4] == pytest.approx(np.array(INSTEVAL["clustered_vcov_first4"]), rel=1e-12)
    assert found["clustered_groups"] == list(FOUR_GROUPS)
    assert [
        [
            {group["group"]: group["n"] for group in row["groups"]}.get(code, 0)
            for code in FOUR_GROUPS
        ]
        for row in found["units"]
    ] == INSTEVAL["n_by_group"]


def test_an_interval_holds_its_score_and_every_group_its_limits(real_study):
    found = interval_analysis(real_study)
    for row in found["units"]:
        assert row["low"] < row["direct"] < row["high"]
        assert row["careful_se"] >= row["plain_se"] > 0
        assert row["official"]["score"] == pytest.approx(row["direct"])
        assert sum(group["share"] for group in row["groups"]) == pytest.approx(1)
        assert sum(group["variance_share"] for group in row["groups"]) == pytest.approx(1)
        for group in row["groups"]:
            if group["n"]:
                assert (
                    group["top_box"]["low"] <= group["top_box"]["share"] <= group["top_box"]["high"]
                )
    assert set(found["claims"]) == {"direct"}
    assert found["seed"] is None, "nothing is drawn where scores are converted directly"


@pytest.mark.parametrize(
    ("method", "is_by_order"), [("ratio", True), ("rank", True), ("standard", False)]
)
def test_official_intervals_say_what_they_hold(method, is_by_order, tmp_path):
    made = five_levels(COEFFICIENTS, FOUR_GROUPS, conversion={"method": method})
    found = interval_analysis(read_study(made, insteval_files(tmp_path)), seed=7)
    for row in (row["official"] for row in found["units"]):
        assert row["low"] <= row["score"] <= row["high"]
    assert ("official" in found["claims"]) == is_by_order
    assert found["classes"][0]["method"] == method
    assert found["seed"] == 7
    assert column(found, "direct") == pytest.approx(INSTEVAL["score30"], rel=1e-12)


def test_lists_narrow_what_is_said_of_everybody_on_them(tmp_path):
    made = rules(small_samples="none")
    ratings = ["ballot,group,unit,overall"]
    ratings += [f"{n},citizens,{unit},{'ABBC'[n % 4]}" for n in range(8) for unit in ("U1", "U2")]
    study = study_of(
        made,
        tmp_path,
        ratings=ratings,
        units=[units_header(), "U1,一局,c,1", "U2,二局,c,1"],
        invited=["group,unit,invited", "citizens,,32", "citizens,U2,8"],
    )
    found = interval_analysis(study)
    first, second = found["units"]
    assert [row["groups"][0]["invited"] for row in (first, second)] == [32, 8]
    # By hand: three quarters of the list have not answered.
    assert first["listed"]["plain_se"] == pytest.approx(first["plain_se"] * 0.75**0.5)
    assert (second["listed"]["plain_se"], second["listed"]["low"]) == (0, second["direct"])
    assert "listed" in found["claims"]


def test_ranks_agree_with_the_reference_and_with_their_own_covariance(real_study):
    found = ranks_analysis(real_study, top=3)
    (of_class,) = found["classes"]
    ranks = {row["unit"]: row for row in of_class["units"]}
    assert [ranks[code]["rank"] for code in REAL_UNITS] == INSTEVAL["ranks_from_clustered"]["rank"]
    intervals = interval_analysis(real_study)
    covariance = np.array(intervals["covariance"]["careful"])
    df = np.array([row["df"] for row in intervals["units"]])
    table = rank_table(np.array(INSTEVAL["score30"]), covariance, df=df)
    assert [ranks[code]["low"] for code in REAL_UNITS] == table.low.tolist()
    assert [ranks[code]["high"] for code in REAL_UNITS] == table.high.tolist()
    for u, code in enumerate(REAL_UNITS):
        like = [REAL_UNITS[other] for other in table.indistinct_from(u)]
        assert ranks[code]["like"] == like
    assert (of_class["places"], of_class["pairs"], of_class["of"]) == (3, 91, "direct")
    assert sum(len(row["like"]) for row in of_class["units"]) == 2 * (91 - of_class["pairs_apart"])


@pytest.mark.parametrize(("method", "of"), [("rank", "direct"), ("standard", "social")])
def test_ranks_are_those_of_what_orders_the_class(method, of, tmp_path):
    made = five_levels(COEFFICIENTS, FOUR_GROUPS, conversion={"method": method})
    (of_class,) = ranks_analysis(read_study(made, insteval_files(tmp_path)))["classes"]
    assert of_class["of"] == of
    assert of_class["places"] == 4  # 30 percent of 14
    for row in of_class["units"]:
        assert row["low"] <= row["rank"] <= row["high"]


def test_severity_agrees_with_lme4(pooled_study):
    (of_group,) = severity_analysis(pooled_study)["groups"]
    variances, expected = of_group["crossed"], INSTEVAL["lmer"]["var"]
    for ours, theirs in [
        ("appraiser_variance", "appraiser"),
        ("unit_variance", "unit"),
        ("residual_variance", "Residual"),
    ]:
        assert variances[ours] / 25**2 == pytest.approx(expected[theirs], rel=2e-4)
    assert variances["mean"] / 25 + 1 == pytest.approx(INSTEVAL["lmer"]["intercept"], abs=2e-5)
    effects = np.array(column(of_group, "effect")) / 25
    assert effects == pytest.approx(np.array(INSTEVAL["lmer"]["blup"]), abs=2e-4)
    errors = np.sqrt(column(of_group, "prediction_variance")) / 25
    assert errors == pytest.approx(np.array(INSTEVAL["lmer"]["cond_sd"]), abs=2e-4)
    assert of_group["two_way"]["rank"] == INSTEVAL["twoway"]["rank"]
    assert of_group["parts"] == INSTEVAL["twoway"]["parts"]
    assert (of_group["verdict"], of_group["ratings"]) == ("fitted", sum(INSTEVAL["n"]))


def test_reliability_agrees_with_multilevel(pooled_study):
    found = reliability_analysis(pooled_study)
    (of_group,) = found["groups"]
    assert of_group["scores"]["icc1"] == pytest.approx(INSTEVAL["icc"]["ICC1"], rel=1e-12)
    assert of_group["scores"]["icc2"] == pytest.approx(INSTEVAL["icc"]["ICC2"], rel=1e-12)
    assert [row["items"][0]["n"] for row in of_group["units"]] == INSTEVAL["n"]
    assert of_group["items"]["alpha"] is None, "one item has no alpha"
    assert found["classes"][0]["concordance"]["w"] is None, "nor one group a W"


def test_small_samples_agree_with_metafor(pooled_study):
    found = small_samples_analysis(pooled_study)
    (prior,) = found["priors"]
    assert prior["tau2"] / 25**2 == pytest.approx(INSTEVAL["eb_DL"]["tau2"], rel=1e-10)
    assert prior["mean"] / 25 + 1 == pytest.approx(INSTEVAL["eb_DL"]["mu"], rel=1e-10)
    shrunken = np.array(column(found, "shrunken")) / 25 + 1
    assert shrunken == pytest.approx(np.array(INSTEVAL["eb_DL"]["blup"]), rel=1e-10)


def test_sensitivity_names_units_and_groups(real_study):
    (of_class,) = sensitivity_analysis(real_study)["classes"]
    without = [one for one in of_class["choices"] if one["kind"] == "without_group"]
    assert [one["choice"] for one in without] == list(FOUR_GROUPS)
    assert {"conversion", "points", "padding"} < {one["kind"] for one in of_class["choices"]}
    for row in of_class["units"]:
        assert row["switch"]["group"] in FOUR_GROUPS
        assert row["switch"]["unit"] in set(REAL_UNITS) - {row["unit"]}
        assert (row["ballots"]["to_pass"] is None) == (row["rank"] == 1)
        assert sum(one["points"] for one in row["most_points_of_false_tenth"]) == pytest.approx(3)


# --- made studies --------------------------------------------------------------------------------


@pytest.fixture
def asked(tmp_path):
    """A study of 40 ballots on two units: the old are few and give the best."""
    lines = [HEADER]
    people = ["ballot,group,age"]
    for n in range(40):
        age = "old" if n % 4 == 0 else "young"
        answers = "A,A,A,A,A" if age == "old" else "B,C,B,B,C"
        lines += [f"{n},citizens,{unit},{answers}" for unit in ("U1", "U2")]
        people.append(f"{n},citizens,{age}")
    (tmp_path / "people.csv").write_text("\n".join(people), "utf-8")
    (tmp_path / "population.csv").write_text(
        "variable,level,population\nage,young,100\nage,old,100\n", "utf-8"
    )
    channels = [f"{n},citizens,{'open' if n % 2 else 'window'}" for n in range(40)]
    return study_of(
        preset("default"),
        tmp_path,
        ratings=lines,
        units=[units_header(), "U1,一局,c,1", "U2,二局,c,1"],
        ballots=["ballot,group,channel", *channels],
    )


def test_weights_make_the_ballots_look_like_the_population(asked, tmp_path):
    margins = read_population(tmp_path / "population.csv")
    said = read_people(asked, tmp_path / "people.csv", margins)
    raked = rake_analysis(asked, margins, said, RakeChoices())
    # By hand: 30 young ballots stand for 100 people, 10 old ones too.
    assert {name: weight for name, _, weight in raked.weights}["1"] == pytest.approx(100 / 30)
    (of_group,) = raked.document["groups"]
    assert of_group["design_effect"] == pytest.approx(4 / 3)
    first = of_group["units"][0]
    young = (80 + 60 + 80 + 80 + 60) / 5
    assert first["mean"] == pytest.approx((3 * young + 100) / 4)
    assert first["weighted"] == pytest.approx((young + 100) / 2)
    assert [(cell["levels"][0]["level"], cell["ballots"]) for cell in of_group["cells"]] == [
        ("young", 30),
        ("old", 10),
    ]
    channels = raked.document["channels"]
    assert (channels["channel"], channels["against"]) == ("open", ["window"])
    assert channels["units"][0]["groups"][0]["open_n"] == 20


def test_weights_are_kept_inside_bounds_or_cut(asked, tmp_path):
    margins = read_population(tmp_path / "population.csv")
    said = read_people(asked, tmp_path / "people.csv", margins)
    choices = RakeChoices(bounds=Bounds(0.9, 1.1), trim=(0.5, 1.2), groups=("citizens",))
    (of_group,) = rake_analysis(asked, margins, said, choices).document["groups"]
    assert not of_group["has_converged"]
    assert of_group["largest_miss"] > 0.1
    choices = RakeChoices(trim=(0.5, 1.2))
    (of_group,) = rake_analysis(asked, margins, said, choices).document["groups"]
    assert of_group["trimmed"]["high_count"] == 10
    assert of_group["trimmed"]["design_effect"] < of_group["design_effect"]
    assert of_group["trimmed"]["largest_miss"] > 0.1
    assert of_group["units"][0]["weighted"] < (72 + 100) / 2


def test_people_of_unknown_ballots_are_refused_by_row(asked, tmp_path):
    margins = read_population(tmp_path / "population.csv")
    path = tmp_path / "people.csv"
    path.write_text("ballot,group,age\n1,citizens,old\n\n77,citizens,old\n1,npc,old\n", "utf-8")
    with pytest.raises(Faults) as refused:
        read_people(asked, path, margins)
    assert [(one.file, one.row, one.column) for one in refused.value.faults] == [
        ("people.csv", 4, "ballot"),
        ("people.csv", 5, "ballot"),
    ]


@pytest.mark.parametrize(
    ("people", "choices", "said"),
    [
        pytest.param(["1,citizens,"], RakeChoices(), "says its levels", id="nobody says"),
        pytest.param(
            ["1,citizens,old"], RakeChoices(groups=("npc",)), "says its levels", id="no such group"
        ),
        pytest.param(["1,citizens,old"], RakeChoices(), "but people are", id="an empty level"),
    ],
)
def test_what_cannot_be_weighted_is_refused(asked, tmp_path, people, choices, said):
    margins = read_population(tmp_path / "population.csv")
    path = tmp_path / "people.csv"
    path.write_text("\n".join(["ballot,group,age", *people]), "utf-8")
    with pytest.raises(Fault, match=said):
        rake_analysis(asked, margins, read_people(asked, path, margins), choices)


def test_margins_are_chosen_by_their_variable(asked, tmp_path):
    path = tmp_path / "population.csv"
    path.write_text(path.read_text("utf-8") + "place,东街,200\n", "utf-8")
    margins = read_population(path)
    assert [one.variable for one in chosen_margins(margins, ())] == ["age", "place"]
    (age,) = chosen_margins(margins, ("age",))
    assert read_people(asked, tmp_path / "people.csv", [age]).complete.all()
    with pytest.raises(Fault, match="income"):
        chosen_margins(margins, ("income",))


@pytest.fixture(scope="module")
def varied(tmp_path_factory):
    """A study of five items in two classes, with padding, abstentions and a stuffed unit."""
    generator = np.random.default_rng(3)
    lines, ballots = [HEADER], ["ballot,group,seconds,at,place"]
    units = [f"U{n}" for n in range(6)]
    for n in range(300):
        liking = generator.normal()
        for unit in generator.choice(units, 2, replace=False):
            levels = np.clip(np.round(1.5 - liking + generator.normal(0, 0.8, 5)), 0, 5)
            lines.append(f"c{n},citizens,{unit}," + ",".join("ABCDEN"[int(one)] for one in levels))
        day, minute = 1 + n % 20, int(generator.integers(480, 1200))
        at = f"2026-11-{day:02d} {minute // 60:02d}:{minute % 60:02d}"
        ballots.append(f"c{n},citizens,{generator.uniform(20, 60):.1f},{at},镇{n % 8}")
    for n in range(60):
        lines.append(f"s{n},citizens,U5,A,A,A,A,A")
        ballots.append(f"s{n},citizens,2,2026-11-12 09:{n % 20:02d},镇1")
    for n in range(12):
        lines += [f"d{n},npc,{unit},B,{'ABC'[n % 3]},B,C,B" for unit in units]
    return study_of(
        preset("default"),
        tmp_path_factory.mktemp("varied"),
        ratings=lines,
        units=[units_header(), *(f"{unit},局,{'ab'[n % 2]},1" for n, unit in enumerate(units))],
        ballots=ballots,
    )


def test_stuffed_ballots_are_named_with_their_reasons(varied):
    found = quality_analysis(varied, {f"镇{n}": 1000.0 for n in range(7)})
    flagged = {one["ballot"]: [why["reason"] for why in one["reasons"]] for one in found["flagged"]}
    assert {f"s{n}" for n in range(60)} <= flagged.keys()
    assert {"hasty", "unit_burst"} <= set(flagged["s0"])
    assert found["flagged_count"] == len(flagged)
    (burst,) = [one for one in found["reasons"] if one["reason"] == "unit_burst"]
    (crowd,) = burst["crowds"]
    assert crowd["unit"] == "U5"
    assert crowd["begin"].startswith("2026-11-12T0")
    stuffed = {row["unit"]: row for row in found["units"]}["U5"]
    (citizens,) = [cell for cell in stuffed["groups"] if cell["group"] == "citizens"]
    assert citizens["n"] - citizens["n_without"] >= 60
    assert citizens["low"] < citizens["mean_without"] < citizens["mean"] <= citizens["high"]
    assert stuffed["composite_without"] < stuffed["composite"]


def test_drivers_stand_beside_their_items(varied):
    found = drivers_analysis(varied, "overall", "citizens")
    patterns = pattern_counts(varied.tally, varied.rules, varied.units)
    known = drivers(patterns, "overall", patterns.group == patterns.groups.index("citizens"))
    for u, row in enumerate(found["units"]):
        assert [one["item"] for one in row["items"]] == ["duties", "law", "service", "efficiency"]
        assert [one["importance"] for one in row["items"]] == pytest.approx(
            known.of_units.importance[u]
        )
        assert sum(one["share"] for one in row["items"]) == pytest.approx(1)
        assert [one["quadrant"] for one in row["items"]] == [*known.quadrants[u]]
        assert [one["share_in_use_se"] for one in row["items"]] == pytest.approx(
            known.share_se[u], nan_ok=True
        )
    assert [one["class"] for one in found["classes"]] == ["a", "b"]


def test_items_and_raters_stand_beside_their_codes(varied):
    found = reliability_analysis(varied)
    assert [one["group"] for one in found["groups"]] == ["citizens", "npc"]
    citizens = found["groups"][0]
    assert [one["item"] for one in citizens["items"]["each"]] == [
        item.code for item in varied.rules.items
    ]
    assert citizens["items"]["alpha_low"] < citizens["items"]["alpha"] < 1
    assert set(found["claims"]) == {"items", "scores", "agreement", "alpha", "concordance"}


def test_complete_blocks_are_said_to_have_no_severity(varied):
    found = {one["group"]: one for one in severity_analysis(varied)["groups"]}
    assert found["npc"]["verdict"] == "no_effect_by_design"
    assert found["citizens"]["verdict"] == "fitted"


@pytest.mark.parametrize(
    ("overall", "group", "said"),
    [
        pytest.param("price", None, "no item", id="an unknown item"),
        pytest.param("overall", "aliens", "no group", id="an unknown group"),
    ],
)
def test_drivers_of_what_is_not_there_are_refused(varied, overall, group, said):
    with pytest.raises(Fault, match=said):
        drivers_analysis(varied, overall, group)


def test_a_single_item_has_no_drivers(real_study):
    with pytest.raises(Fault, match="no item beside"):
        drivers_analysis(real_study, "rating")


# --- two years -----------------------------------------------------------------------------------


def written(document, path):
    path.write_text(json.dumps(document, allow_nan=False), "utf-8")
    return path


def test_a_year_against_itself_changes_nothing(real_study, tmp_path):
    year = read_intervals(written(interval_analysis(real_study), tmp_path / "year.json"))
    found = change_analysis(year, year)
    assert column(found, "difference") == [0] * 14
    assert column(found, "before") == pytest.approx(INSTEVAL["score30"])
    assert {row["verdict"] for row in found["units"]} == {"not_told_apart"}
    assert (found["incomparable"], found["only_now"], found["only_before"]) == ([], [], [])


def test_two_years_say_what_was_decided_differently(real_study, pooled_study, tmp_path):
    now, before = interval_analysis(real_study), interval_analysis(pooled_study)
    del before["units"][0]
    found = change_analysis(
        *(
            read_intervals(written(one, tmp_path / f"{name}.json"))
            for name, one in (("now", now), ("before", before))
        )
    )
    assert found["incomparable"] == ["levels_changed", "groups_changed"]
    assert found["only_now"] == [REAL_UNITS[0]]
    assert [row["unit"] for row in found["units"]] == REAL_UNITS[1:]
    assert (found["now"]["file"], found["before"]["file"]) == ("now.json", "before.json")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("score", id="no JSON"),
        pytest.param("[]", id="a list"),
        pytest.param('{"analysis": "ranks", "units": []}', id="another analysis"),
        pytest.param('{"analysis": "interval", "rule_set": {}, "units": []}', id="no rules"),
        pytest.param("[" * 100_000, id="nested too deeply"),
    ],
)
def test_what_interval_did_not_write_is_refused(tmp_path, text):
    path = tmp_path / "year.json"
    path.write_text(text, "utf-8")
    with pytest.raises(Fault) as refused:
        read_intervals(path)
    assert refused.value.place.startswith("year.json")


# --- files and edges -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "row", "column_name"),
    [
        pytest.param("place,people\n,5\n", 2, "place", id="no place"),
        pytest.param("place,people\n东街,many\n", 2, "people", id="no number"),
        pytest.param("place,people\n东街,5\n东街,6\n", 3, "place", id="named twice"),
        pytest.param("place,number\n东街,5\n", 1, "people", id="no such column"),
    ],
)
def test_places_are_refused_by_row(tmp_path, text, row, column_name):
    path = tmp_path / "places.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(FileFault) as refused:
        read_places(path)
    assert (refused.value.row, refused.value.column) == (row, column_name)


ANALYSES = (
    interval_analysis,
    ranks_analysis,
    severity_analysis,
    reliability_analysis,
    sensitivity_analysis,
    small_samples_analysis,
    quality_analysis,
    drivers_analysis,
)
ROW = st.tuples(
    st.integers(0, 5),
    st.sampled_from(["citizens", "npc", "peers"]),
    st.sampled_from(["U1", "U2", "U3"]),
    st.text("ABEN", min_size=5, max_size=5),
)


@given(
    rows=st.lists(ROW, min_size=1, max_size=12, unique_by=lambda row: row[:3]),
    conversion=st.sampled_from(["direct", "ratio", "rank", "standard"]),
    small=st.sampled_from(["pad", "none", "shrink"]),
    shuffled=st.randoms(use_true_random=False),
)
@settings(max_examples=15, deadline=None)
def test_any_study_has_documents_that_no_order_of_ballots_changes(
    rows, conversion, small, shuffled
):
    changed = preset("default").document()
    changed |= {"conversion": {"method": conversion}, "small_samples": small}
    made = rules(**changed)
    other = shuffled.sample(rows, len(rows))
    units = [units_header(), "U1,一局,a,1", "U2,二局,a,1", "U3,三局,b,0"]
    with TemporaryDirectory() as folder:
        one, another = (
            study_of(
                made,
                Path(folder),
                ratings=[HEADER, *(f"{b},{g},{u},{','.join(p)}" for b, g, u, p in lines)],
                units=units,
            )
            for lines in (rows, other)
        )
    for analysis in ANALYSES:
        document, again = analysis(one), analysis(another)
        json.dumps(document, allow_nan=False)
        assert_near(document, again)


def assert_near(one, other):
    """Hold two documents against each other, figure by figure."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one:
            assert_near(one[name], other[name])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_near(*pair)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-6, abs=1e-9)
    else:
        assert one == other

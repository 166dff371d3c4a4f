import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.designs import SurveyDesign, by, design_effect, mean, quantile, ratio, total
from analytics.faults import Fault

STATS = Path(__file__).parents[1] / "data" / "stats"
SCHOOLS = json.loads((STATS / "apistrat.json").read_text())["expected"]
with (STATS / "apistrat.csv").open(newline="") as source:
    ROWS = list(csv.DictReader(source))


def column(name):
    return np.array([float(row[name]) for row in ROWS])


STRATA = np.array([row["stype"] for row in ROWS])
AWARDED = np.array([int(row["awards"] == "Yes") for row in ROWS])
LISTED = SurveyDesign(column("pw"), STRATA, populations=column("fpc"))
OPEN = SurveyDesign(column("pw"), STRATA)
BOTH = np.column_stack([column("api00"), column("enroll")])


@pytest.mark.parametrize(("design", "name"), [(LISTED, "fpc_mean"), (OPEN, "nofpc_mean")])
def test_means_agree_with_r_survey(design, name):
    found = mean(BOTH, design)
    assert found.estimates == pytest.approx(SCHOOLS[name]["est"], rel=1e-12)
    assert found.se == pytest.approx(SCHOOLS[name]["se"], rel=1e-12)
    assert found.df == SCHOOLS["degf"]


def test_domains_agree_with_r_survey():
    found = by(column("api00"), AWARDED, LISTED)
    assert found.estimates == pytest.approx(SCHOOLS["by_awards"]["mean"], rel=1e-12)
    assert found.se == pytest.approx(SCHOOLS["by_awards"]["se"], rel=1e-12)
    alone = mean(column("api00"), LISTED, AWARDED == 1)
    assert alone.se[0] == pytest.approx(found.se[1], rel=1e-12)


def test_a_ratio_agrees_with_r_survey():
    found = ratio(column("api.stu"), column("enroll"), LISTED)
    assert found.estimates[0] == pytest.approx(SCHOOLS["ratio"]["est"], rel=1e-12)
    assert found.se[0] == pytest.approx(SCHOOLS["ratio"]["se"], rel=1e-12)


def test_design_effects_agree_with_r_survey():
    assert design_effect(column("api00"), LISTED) == pytest.approx([SCHOOLS["deff"]], rel=1e-12)
    # survey 4.1.1: deff(svymean(~api00, the design without fpc, deff = TRUE))
    assert design_effect(column("api00"), OPEN) == pytest.approx([1.23724144502163], rel=1e-12)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("api00", [501, 565, 668, 756, 836], id="api00"),
        pytest.param("enroll", [262, 334, 446, 660, 1139], id="enroll"),
        pytest.param("api99", [460, 526, 631, 728, 814], id="api99"),
    ],
)
def test_quantiles_agree_with_r_survey(name, expected):
    """Computed with svyquantile(…, c(.1, .25, .5, .75, .9)) of survey 4.1.1."""
    assert quantile(column(name), LISTED, [0.1, 0.25, 0.5, 0.75, 0.9]).tolist() == expected
    if name == "api00":
        assert expected[1:4] == SCHOOLS["quantile_math"]


# Ten rows in three strata, the third with one cluster; figures computed with survey 4.1.1:
# svydesign(ids = ~c, strata = ~h, weights = ~w[, fpc = ~N], nest = TRUE).
H = np.array([1, 1, 1, 2, 2, 3, 1, 2, 2, 2])
C = np.array([1, 1, 2, 3, 4, 5, 6, 4, 7, 7])
W = np.array([2, 3, 1.5, 4, 2, 6, 1, 2, 2.5, 3])
Y = np.array([5.0, 3, 8, 1, 9, 4, 7, 2, 6, 3])
X = np.array([2.0, 1, 3, 1, 4, 2, 3, 1, 2, 2])
G = np.array([1, 2, 1, 2, 1, 1, 2, 2, 1, 2])
N = np.array([8, 5, 4])


@pytest.mark.parametrize(
    ("lonely", "listed", "of_mean", "of_total", "of_ratio", "of_domains"),
    [
        pytest.param(
            "certainty",
            False,
            [0.423755412171812, 0.152638768932017, 0.0600172455644182],
            [473.0, 161.50, 55.25],
            0.109604896673771,
            [0.2988988962932112, 0.0219629271827074, 0.3548895346801582],
            id="certainty",
        ),
        pytest.param(
            "certainty",
            True,
            [0.1828017127018803, 0.0687197990934083, 0.0287771155452816],
            [213.7250, 72.81250, 24.85625],
            0.0741567764974568,
            [0.14102668809870889, -0.00264687235841083, 0.16278491649452054],
            id="certainty with lists",
        ),
        pytest.param(
            "adjust",
            False,
            [0.424839257791551, 0.151961365419680, 0.060440622759629],
            [1049.0, 449.50, 199.25],
            0.116924605807205,
            [0.7946298417326111, 0.0219629271827074, 0.3548895346801582],
            id="adjust",
        ),
        pytest.param(
            "adjust",
            True,
            [0.1836145969166850, 0.0682117464591554, 0.0290946484416897],
            [645.7250, 288.81250, 132.85625],
            0.0821147066713411,
            [0.51282489717825874, -0.00264687235841083, 0.16278491649452054],
            id="adjust with lists",
        ),
    ],
)
def test_clusters_and_lonely_strata_agree_with_r_survey(
    lonely, listed, of_mean, of_total, of_ratio, of_domains
):
    design = SurveyDesign(W, H, C, N if listed else None, lonely)
    upper = np.triu_indices(2)
    both = np.column_stack([Y, X])
    assert mean(both, design).covariance[upper] == pytest.approx(of_mean, rel=1e-12)
    assert total(both, design).covariance[upper] == pytest.approx(of_total, rel=1e-12)
    assert ratio(Y, X, design).se[0] == pytest.approx(of_ratio, rel=1e-12)
    domains = by(Y, G - 1, design)
    assert domains.covariance[upper] == pytest.approx(of_domains, rel=1e-12)
    assert mean(both, design).df == 4
    assert mean(Y, design, G == 1).df == 2
    assert mean(Y, design, G == 1).covariance[0, 0] == pytest.approx(of_domains[0], rel=1e-12)


def test_a_lonely_stratum_is_refused_until_a_rule_is_named():
    with pytest.raises(Fault, match="stratum “3” has a single cluster"):
        mean(Y, SurveyDesign(W, H, C))


def test_a_cluster_that_is_its_whole_stratum_is_not_lonely():
    found = mean(Y, SurveyDesign(W, H, C, np.array([8, 5, 1])))
    same = mean(Y, SurveyDesign(W, H, C, N, "certainty"))
    assert found.se == pytest.approx(same.se)


@pytest.mark.parametrize(
    ("design", "fault"),
    [
        pytest.param(SurveyDesign(-W, H, C), "weights are numbers", id="weights below 0"),
        pytest.param(SurveyDesign(W, H, C, N - 6), "smaller than its sample", id="small lists"),
        pytest.param(
            SurveyDesign(W, H, C, np.arange(10) + 9), "two different population", id="two lists"
        ),
    ],
)
def test_impossible_designs_are_refused(design, fault):
    with pytest.raises(Fault, match=fault):
        mean(Y, design)


def test_missing_values_are_refused_unless_they_are_outside_the_domain():
    holes = np.where(G == 2, np.nan, Y)
    design = SurveyDesign(W, H, C, lonely="certainty")
    with pytest.raises(Fault, match="a value is missing"):
        mean(holes, design)
    assert mean(holes, design, G == 1).se == mean(Y, design, G == 1).se


def test_an_empty_domain_has_no_mean():
    design = SurveyDesign(W, H, C, lonely="certainty")
    found = by(Y, np.where(G == 1, 0, 2), design)
    assert np.isnan(found.estimates).tolist() == [False, True, False]
    assert np.isnan(found.covariance[1]).all()
    nobody = mean(Y, design, G == 3)
    assert np.isnan([nobody.estimates[0], nobody.se[0]]).all()
    assert np.isnan(quantile(Y, design, [0.5], G == 3)).all()
    no_rows = mean(np.zeros(0), SurveyDesign(np.zeros(0), np.zeros(0, int)))
    assert np.isnan([no_rows.estimates[0], no_rows.se[0]]).all()


def test_a_ratio_to_nothing_is_refused():
    with pytest.raises(Fault, match="not 0"):
        ratio(Y, np.zeros(10), SurveyDesign(W, H, C, lonely="certainty"))


samples = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(1, 5), st.integers(0, 4)),
    min_size=1,
    max_size=25,
).map(np.array)


@given(samples)
def test_domains_at_once_are_the_domains_one_by_one(rows):
    h, c, w, y = rows.T
    codes = (y + c) % 3 - 1
    design = SurveyDesign(w * 1.0, h, c, lonely="certainty")
    found = by(y**2, codes, design)
    for domain in range(codes.max() + 1):
        alone = mean(y**2, design, codes == domain)
        assert found.estimates[domain] == pytest.approx(alone.estimates[0], nan_ok=True)
        assert found.covariance[domain, domain] == pytest.approx(
            alone.covariance[0, 0], abs=1e-12, nan_ok=True
        )


@given(samples, st.randoms())
def test_the_order_of_rows_and_the_unit_of_weights_change_nothing(rows, random):
    h, c, w, y = rows.T
    order = random.sample(range(len(rows)), len(rows))
    found = mean(y, SurveyDesign(w * 1.0, h, c, lonely="adjust"))
    other = mean(y[order], SurveyDesign(w[order] * 3.5, h[order], c[order], lonely="adjust"))
    assert other.estimates == pytest.approx(found.estimates)
    assert other.se == pytest.approx(found.se, abs=1e-9)

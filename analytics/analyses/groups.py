"""Analyses of groups as appraisers: how strict single ones are, and how reliable all together."""

from collections.abc import Sequence
from typing import Any

from analytics.analyses.document_heads import Document, study_document
from analytics.analyses.studies import Study
from analytics.analyses.study_parts import StudyParts, study_parts
from analytics.faults import N_
from analytics.group_reliability import CLAIMS, GroupReliability, group_concordance
from analytics.group_reliability import group_reliability as reliability_of
from analytics.severity.report import SeverityReport, severity_report
from analytics.shapes import NOWHERE

SEVERITY_CLAIMS = {
    "ranks": N_(
        "A diagnostic inside one group: where a unit would stand without the severity of who "
        "rated it. It is never the official score, and differences below the errors are chance."
    ),
}
RELIABILITY_CLAIMS = {
    **CLAIMS,
    "concordance": N_(
        "How far groups put units in the same order; not that the order is right, nor that their "
        "levels are the same."
    ),
}


def severity_analysis(study: Study) -> Document:
    """Return strict and lenient appraisers of every group whose ballots rate several units."""
    parts = study_parts(study)
    contents = {
        "groups": [
            _severity(parts, code, severity_report(tables, parts.scores.composites))
            for code, tables in parts.pairs.items()
        ],
        "one_unit_a_ballot": [
            code
            for code, tables in parts.tables.items()
            if tables.n.size and code not in parts.pairs
        ],
    }
    return study_document("severity", study, SEVERITY_CLAIMS, contents)


def reliability_analysis(study: Study) -> Document:
    """Return how far items, raters and groups agree: by group, and the groups by class."""
    parts = study_parts(study)
    rated = [code for code, tables in parts.tables.items() if tables.n.size]
    contents = {
        "groups": [_reliability(parts, code) for code in rated],
        "classes": [
            {"class": code, "concordance": group_concordance(parts.patterns, code)}
            for code in dict.fromkeys(parts.scores.classes)
        ],
    }
    return study_document("reliability", study, RELIABILITY_CLAIMS, contents)


# --- the parts, in order of use ------------------------------------------------------------------


def _severity(parts: StudyParts, group: str, found: SeverityReport) -> dict[str, Any]:
    crossed, two_way = found.crossed, found.two_way
    return {
        "group": group,
        "verdict": found.verdict,
        "ratings": found.ratings,
        "appraisers": found.appraisers,
        "units_rated": found.units,
        "is_complete": found.is_complete,
        "parts": found.part_count,
        "appraiser_sd": found.appraiser_sd,
        "crossed": None
        if crossed is None
        else {
            "mean": crossed.mean,
            "mean_se": crossed.mean_se,
            "unit_variance": crossed.unit_variance,
            "appraiser_variance": crossed.appraiser_variance,
            "residual_variance": crossed.residual_variance,
            "reml": crossed.reml,
            "is_singular": crossed.is_singular,
        },
        "two_way": None
        if two_way is None
        else {
            "residual_variance": two_way.residual_variance,
            "spare": two_way.spare,
            "rank": two_way.rank,
        },
        "largest_shift": found.largest_shift,
        "two_way_largest_shift": found.two_way_largest_shift,
        "moves": {
            "raw_to_crossed": found.moves,
            "raw_to_two_way": found.two_way_moves,
            "composite_to_crossed": found.official_moves,
        },
        "units": [
            _severity_of_unit(found, u, code)
            for u, code in enumerate(parts.scores.units)
            if found.parts[u] != NOWHERE
        ],
    }


def _severity_of_unit(found: SeverityReport, unit: int, code: str) -> dict[str, Any]:
    crossed, two_way = found.crossed, found.two_way
    return {
        "unit": code,
        "part": found.parts[unit],
        "raw": found.raw_means[unit],
        "crossed": found.adjusted_means[unit],
        "crossed_variance": found.adjusted_variances[unit],
        "effect": None if crossed is None else crossed.effects[unit],
        "prediction_variance": None if crossed is None else crossed.prediction_variances[unit],
        "two_way": found.two_way_means[unit],
        "two_way_effect": None if two_way is None else two_way.effects[unit],
        "two_way_se": None if two_way is None else two_way.standard_errors[unit],
        "raw_rank": found.raw_ranks[unit],
        "crossed_rank": _rank(found.adjusted_ranks[unit]),
        "two_way_rank": _rank(found.two_way_ranks[unit]),
    }


def _rank(number: int) -> int | None:
    return None if number == NOWHERE else int(number)


def _reliability(parts: StudyParts, group: str) -> dict[str, Any]:
    found = reliability_of(parts.patterns, group)
    items = found.items
    return {
        "group": group,
        "items": {
            "ballots": items.n,
            "left_out": items.left_out,
            "alpha": items.alpha,
            "alpha_low": items.alpha_low,
            "alpha_high": items.alpha_high,
            "standard_alpha": items.standard_alpha,
            "mean_correlation": items.mean_correlation,
            "omega": items.omega,
            "is_proper": items.is_proper,
            "each": _items(found, parts.patterns.items),
        },
        "scores": found.scores,
        "krippendorff": found.alpha,
        "units": [
            _agreement(found, u, code, parts.patterns.items)
            for u, code in enumerate(parts.patterns.units)
            if found.agreement.n[u].any()
        ],
    }


def _items(found: GroupReliability, codes: Sequence[str]) -> list[dict[str, Any]]:
    items = found.items
    return [
        {
            "item": code,
            "varies": items.varies[j],
            "mean": items.means[j],
            "deviation": items.deviations[j],
            "alpha_if_dropped": items.alpha_if_dropped[j],
            "item_rest": items.item_rest[j],
            "loading": items.loadings[j],
            "krippendorff": found.item_alphas[j],
        }
        for j, code in enumerate(codes)
    ]


def _agreement(
    found: GroupReliability, unit: int, code: str, items: Sequence[str]
) -> dict[str, Any]:
    of = found.agreement
    return {
        "unit": code,
        "rwg_j": of.rwg_j[unit],
        "items": [
            {
                "item": item,
                "n": of.n[unit, j],
                "rwg": of.rwg[unit, j],
                "lowest_share": of.lowest_share[unit, j],
                "highest_share": of.highest_share[unit, j],
            }
            for j, item in enumerate(items)
        ],
    }

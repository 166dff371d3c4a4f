"""Analyses of scores: how far each could be off, and what small samples do to it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from analytics.analyses.document_heads import Document, study_document
from analytics.analyses.studies import Study
from analytics.analyses.study_parts import StudyParts, study_parts
from analytics.covariances import Centre, ScoreCovariance, score_covariance
from analytics.faults import N_
from analytics.intervals import Interval, social_intervals
from analytics.proportions import wilson
from analytics.rules.rule_set import Method, RuleSet
from analytics.shapes import NOWHERE
from analytics.social_result import GroupScore

# Of intervals around official scores, in simulated rounds: see the page on uncertainty.
MEASURED_COVERAGE = {
    Method.DIRECT: (0.94, 0.97),
    Method.RATIO: (0.99, 1.0),
    Method.RANK: (0.99, 1.0),
    Method.STANDARD: (0.93, 0.98),
}

INTERVAL_CLAIMS = {
    "direct": N_(
        "How far a direct score could be off because these people answered and not others like "
        "them. It says nothing about who stayed away."
    ),
    "official": N_(
        "Which unit is best and which place is whose is not known for sure: official scores by "
        "ratio or rank are inside their limits in more than 95 of 100 cases."
    ),
    "listed": N_(
        "As against everybody on the list answering. It holds for lists that name everybody, "
        "each once."
    ),
}
SMALL_SAMPLE_CLAIMS = {
    "shrunken": N_(
        "Drawing small samples towards their class predicts better on average. It is fairer to no "
        "single unit, and official only where the rule set said so beforehand."
    ),
}


def interval_analysis(study: Study, seed: int | None = None) -> Document:
    """Return every unit's scores with their errors, and how far direct scores are off together."""
    parts = study_parts(study, seed)
    found = social_intervals(study.tally, study.rules, study.result, study.invited)
    methods = {one.unit_class: one.method for one in study.result.classes}
    by_conversion = any(one is not Method.DIRECT for one in methods.values())
    units = [_unit(parts, unit, found.get(code)) for unit, code in enumerate(parts.scores.units)]
    claims = {
        name: claim for name, claim in INTERVAL_CLAIMS.items() if _is_needed(name, study, methods)
    }
    contents = {
        "rule_set": study.rules.document(),
        "seed": parts.inputs.seed if by_conversion else None,
        "clustered_groups": tuple(parts.pairs),
        "classes": [
            {"class": code, "method": one, "measured_coverage": MEASURED_COVERAGE[one]}
            for code, one in methods.items()
        ],
        "units": units,
        "covariance": {
            "of": "direct",
            "units": parts.scores.units,
            "plain": parts.covariance.plain,
            "careful": parts.covariance.careful,
            "as_survey": _as_survey(parts).plain,
        },
    }
    return study_document("interval", study, claims, contents)


def small_samples_analysis(study: Study) -> Document:
    """Return what the rules make of small samples beside what the ballots themselves ask for."""
    parts = study_parts(study)
    scores, found = parts.scores, parts.shrunken
    views = study.result.units
    contents = {
        "small_samples": study.rules.small_samples,
        "priors": _priors(parts),
        "units": [
            {
                "unit": code,
                "class": scores.classes[u],
                "composite": scores.composites[u],
                "unpadded": _number(views[u].composite_unpadded),
                "shrunken": found.composites[u],
                "groups": [
                    {
                        "group": group,
                        "n": scores.n[u, g],
                        "mean": scores.means[u, g],
                        "share": scores.shares[u, g],
                        "counted": scores.counted_means[u, g],
                        "own_share": scores.own_shares[u, g],
                        "shrunken": found.counted[u, g],
                        "asked_share": found.own_share[u, g],
                    }
                    for g, group in enumerate(scores.groups)
                    if scores.shares[u, g] > 0
                ],
            }
            for u, code in enumerate(scores.units)
        ],
    }
    return study_document("small-samples", study, SMALL_SAMPLE_CLAIMS, contents)


# --- the parts, in order of use ------------------------------------------------------------------


def _is_needed(claim: str, study: Study, methods: Mapping[str, Method]) -> bool:
    """Say whether a document has what a claim speaks of."""
    if claim == "listed":
        return study.invited is not None
    by_order = {Method.RATIO, Method.RANK}
    return claim != "official" or not by_order.isdisjoint(methods.values())


def _unit(parts: StudyParts, unit: int, found: Interval | None) -> dict[str, Any]:
    scores, covariance = parts.scores, parts.covariance
    return {
        "unit": scores.units[unit],
        "class": scores.classes[unit],
        "composite": scores.composites[unit],
        "direct": scores.scale * scores.composites[unit],
        "plain_se": None if found is None else found.se,
        "clustered_se": covariance.plain_se[unit],
        "careful_se": covariance.careful_se[unit],
        "df": covariance.df[unit],
        "low": None if found is None else found.low,
        "high": None if found is None else found.high,
        "listed": _listed(parts, unit, found),
        "official": {
            "score": parts.inputs.official[unit],
            "se": parts.social.se[unit],
            "low": parts.social.low[unit],
            "high": parts.social.high[unit],
        },
        "groups": _groups(parts, unit),
    }


def _listed(parts: StudyParts, unit: int, found: Interval | None) -> dict[str, Any] | None:
    """Return the error as against everybody on the lists answering, None without any list."""
    if found is None or found.listed is None:
        return None
    return {
        "plain_se": found.listed.se,
        "clustered_se": parts.finite.plain_se[unit],
        "careful_se": parts.finite.careful_se[unit],
        "df": found.listed.df,
        "low": found.listed.low,
        "high": found.listed.high,
    }


def _groups(parts: StudyParts, unit: int) -> list[dict[str, Any]]:
    scores, invited = parts.scores, parts.invited
    views = {view.group: view for view in parts.study.result.units[unit].groups}
    return [
        {
            "group": code,
            "n": scores.n[unit, g],
            "invited": None if invited[unit, g] == NOWHERE else invited[unit, g],
            "mean": scores.means[unit, g],
            "variance": scores.variances[unit, g],
            "share": scores.shares[unit, g],
            "own_share": scores.own_shares[unit, g],
            "variance_share": parts.covariance.variance_shares[unit, g],
            "top_box": _top_box(views[code], parts.study.rules),
        }
        for g, code in enumerate(scores.groups)
        if scores.n[unit, g] or scores.shares[unit, g]
    ]


def _top_box(view: GroupScore, rules: RuleSet) -> dict[str, Any] | None:
    """Return the share of rated items that got the best option, with limits by Wilson.

    The limits count ballots and not items: the items of one ballot say much the same.
    """
    counts = np.array(view.option_counts, np.int64).reshape(-1, len(rules.options) + 1)[:, :-1]
    best = max(one.points for one in rules.options if one.points is not None)
    rated = counts[:, [one.points is not None for one in rules.options]].sum()
    if not rated or not view.valid:
        return None
    share = counts[:, [one.points == best for one in rules.options]].sum() / rated
    low, high = wilson(share * view.valid, view.valid)
    return {"share": share, "low": low, "high": high}


def _as_survey(parts: StudyParts) -> ScoreCovariance:
    """Return the covariance of weighted rows with every ballot a cluster, as R survey has it."""
    return score_covariance(parts.scores, parts.tables, centre=Centre.UNIT)


def _priors(parts: StudyParts) -> list[dict[str, Any]]:
    """Return what each class says of each group before a unit's own ballots."""
    scores, found = parts.scores, parts.shrunken
    return [
        {
            "class": unit_class,
            "group": group,
            "floor": parts.study.rules.group(group).floor,
            "mean": found.prior_mean[row, g],
            "sigma2": found.sigma2[row, g],
            "tau2": found.tau2[row, g],
            "strength": found.strength[row, g],
        }
        for unit_class in dict.fromkeys(scores.classes)
        for g, group in enumerate(scores.groups)
        if (rows := [u for u in scores.members(unit_class) if not np.isnan(found.tau2[u, g])])
        for row in rows[:1]
    ]


def _number(value: Any) -> float | None:
    return None if value is None else float(value)

"""The analysis of items: which of them go with the overall answer, and how units do on them."""

from typing import Any

from analytics.analyses.document_heads import Document, study_document
from analytics.analyses.studies import Study
from analytics.drivers.importance import Importance
from analytics.drivers.report import Drivers, drivers
from analytics.evidence.parts import OVERALL
from analytics.faults import N_, Fault
from analytics.shaping import pattern_counts

DRIVER_CLAIMS = {
    "importance": N_(
        "Association, inflated by overall impressions: it does not say that a better item would "
        "bring so many points."
    ),
    "quadrant": N_(
        "Half of all items are below a median by construction: it says where to look first. "
        "Unclear is what stands within 1.96 standard errors of a median."
    ),
}


def drivers_analysis(study: Study, overall: str = OVERALL, group: str | None = None) -> Document:
    """Return importance and performance of items, from all ballots or those of one group."""
    patterns = pattern_counts(study.tally, study.rules, study.units)
    if patterns.items == (overall,):
        raise Fault(N_("there is no item beside “%(item)s”"), "drivers", item=overall)
    if group is not None and group not in patterns.groups:
        raise Fault(N_("there is no group “%(group)s”"), "drivers", group=group)
    cells = None if group is None else patterns.group == patterns.groups.index(group)
    found = drivers(patterns, overall, cells)
    contents = {
        "overall": overall,
        "group": group,
        "method": found.of_classes.method,
        "classes": [_class(found, number) for number in range(len(found.classes))],
        "units": [
            _unit(found, u, patterns.classes[u])
            for u in range(len(found.units))
        ],
    }  # fmt: skip
    return study_document("drivers", study, DRIVER_CLAIMS, contents)


def _class(found: Drivers, number: int) -> dict[str, Any]:
    return {
        "class": found.classes[number],
        **_fit(found.of_classes, number),
        "importance_cut": found.importance_cuts[number],
        "performance_cut": found.performance_cuts[number],
        "items": [
            {
                "item": item,
                **_importance(found.of_classes, number, j),
                "performance": found.class_performance[number, j],
                "performance_se": found.class_performance_se[number, j],
                "quadrant": found.class_quadrants[number][j],
            }
            for j, item in enumerate(found.items)
        ],
    }


def _unit(found: Drivers, unit: int, unit_class: str) -> dict[str, Any]:
    return {
        "unit": found.units[unit],
        "class": unit_class,
        **_fit(found.of_units, unit),
        "uses_class": found.uses_class[unit],
        "items": [
            {
                "item": item,
                **_importance(found.of_units, unit, j),
                "share_in_use": found.shares[unit, j],
                "share_in_use_se": found.share_se[unit, j],
                "performance": found.performance[unit, j],
                "performance_se": found.performance_se[unit, j],
                "quadrant": found.quadrants[unit][j],
            }
            for j, item in enumerate(found.items)
        ],
    }


def _fit(of: Importance, row: int) -> dict[str, Any]:
    return {"ballots": of.n[row], "left_out": of.left_out[row], "r2": of.r2[row]}


def _importance(of: Importance, row: int, item: int) -> dict[str, Any]:
    return {
        "importance": of.importance[row, item],
        "share": of.shares[row, item],
        "share_se": of.share_se[row, item],
        "correlation": of.correlations[row, item],
        "vif": of.vif[row, item],
    }

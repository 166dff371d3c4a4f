"""The analysis of change: two documents of the analysis `interval` held against each other."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analytics.analyses.document_heads import Document
from analytics.changes import YearScores, change, comparability
from analytics.faults import N_, Fault, FileFault, RuleFault
from analytics.plain_values import plain_value
from analytics.rules.rule_reader import parse_rules
from analytics.rules.rule_set import RuleSet
from analytics.shapes import Floats
from analytics.tables import read_text

CHANGE_CLAIMS = {
    "verdict": N_(
        "Of direct scores. Of 100 units in which nothing changed about five are told apart by "
        "chance."
    ),
    "incomparable": N_(
        "Where the rules of the two differ in what is listed here, the scores are not of the same "
        "thing."
    ),
}


@dataclass(frozen=True, eq=False, slots=True)
class IntervalDocument:
    """What a document of the analysis `interval` says: its rules, and each unit's score."""

    name: str
    rules: RuleSet
    units: Mapping[str, tuple[float, float, float]]  # direct score, careful error, df; NaN unknown


def read_intervals(path: Path) -> IntervalDocument:
    """Return a document that `interval_analysis` made, read from its file."""
    try:
        found = json.loads(read_text(path))
        if found["analysis"] != "interval":
            raise KeyError("analysis")
        rules = parse_rules(found["rule_set"])
        units = {
            str(one["unit"]): (
                _number(one["direct"]),
                _number(one["careful_se"]),
                _number(one["df"]),
            )
            for one in found["units"]
        }
    except RuleFault as fault:
        raise Fault(fault.message, f"{path.name}, {fault.place}", **fault.values) from fault
    except (KeyError, TypeError, ValueError, RecursionError) as fault:
        raise FileFault(
            N_("this is not what “flask analyse interval” writes"), path.name
        ) from fault
    return IntervalDocument(path.name, rules, units)


def change_analysis(now: IntervalDocument, before: IntervalDocument) -> Document:
    """Return how the direct scores of units that stand in both documents changed."""
    codes = [code for code in now.units if code in before.units]
    found = change(_scores(now, codes), _scores(before, codes))
    document: Document = plain_value(
        {
            "analysis": "change",
            "now": _head(now),
            "before": _head(before),
            "claims": CHANGE_CLAIMS,
            "incomparable": comparability(now.rules, before.rules),
            "units": [
                {
                    "unit": code,
                    "before": before.units[code][0],
                    "now": now.units[code][0],
                    "difference": found.difference[u],
                    "se": found.se[u],
                    "df": found.df[u],
                    "low": found.low[u],
                    "high": found.high[u],
                    "verdict": found.verdicts[u],
                }
                for u, code in enumerate(codes)
            ],
            "only_now": [code for code in now.units if code not in before.units],
            "only_before": [code for code in before.units if code not in now.units],
        }
    )
    return document


def _number(value: Any) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("a number is expected")
    return float(value)


def _scores(of: IntervalDocument, codes: Sequence[str]) -> YearScores:
    table: Floats = np.array([of.units[code] for code in codes], np.float64).reshape(-1, 3)
    return YearScores(table[:, 0], table[:, 1], table[:, 2])


def _head(of: IntervalDocument) -> dict[str, Any]:
    return {
        "file": of.name,
        "rules": {
            "name": of.rules.name,
            "version": of.rules.version,
            "sha256": of.rules.sha256,
        },
        "full_marks": float(of.rules.full_marks),
    }

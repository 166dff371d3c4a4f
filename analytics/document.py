"""The result document: every figure of a scoring as plain JSON values."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from analytics.figures import decimal_text
from analytics.intervals import Interval
from analytics.merge_result import UnitResult
from analytics.readers import Invited
from analytics.returns import return_flags, return_share
from analytics.rules.rule_set import RuleSet
from analytics.social_result import ClassFacts, GroupScore, SocialResult


def result_document(
    rules: RuleSet,
    social: SocialResult,
    results: Sequence[UnitResult],
    intervals: Mapping[str, Interval],
    invited: Invited | None = None,
) -> dict[str, Any]:
    """Return the document; official figures are decimal strings, absent ones None."""
    return {
        "rules": {"name": rules.name, "version": rules.version, "sha256": social.rules_sha256},
        "tally_sha256": social.tally_sha256,
        "suspended_groups": list(social.suspended_groups),
        "small_groups": list(social.small_groups),
        "classes": [_class(facts) for facts in social.classes],
        "units": [
            _unit(result, intervals.get(result.unit.code), rules, invited) for result in results
        ],
    }


def _unit(
    result: UnitResult, interval: Interval | None, rules: RuleSet, invited: Invited | None
) -> dict[str, Any]:
    words = {grade.code: grade.words for grade in rules.grades}
    return {
        "code": result.unit.code,
        "name": result.unit.name,
        "class": result.unit.unit_class,
        "ranked": result.unit.ranked,
        "groups": {
            group.group: _group(group, result.unit.code, rules, invited)
            for group in result.score.groups
        },
        "composite_unpadded": decimal_text(result.score.composite_unpadded),
        "composite": decimal_text(result.composite),
        "direct": decimal_text(result.direct),
        "interval": None if interval is None else _interval(interval),
        "social": decimal_text(result.social),
        "work": decimal_text(result.work),
        "adjustment": decimal_text(result.adjustment),
        "total": decimal_text(result.total),
        "rank": result.rank,
        "grade": None if result.grade is None else words[result.grade],
        "grade_code": result.grade,
        "grade_reasons": [reason.value for reason in result.grade_reasons],
        "flags": [str(flag) for flag in result.flags],
        "rounded": {
            "direct": _text(result.rounded.direct),
            "social": _text(result.rounded.social),
            "work": _text(result.rounded.work),
            "total": _text(result.rounded.total),
        },
    }


def _group(group: GroupScore, unit: str, rules: RuleSet, invited: Invited | None) -> dict[str, Any]:
    number = None if invited is None else invited.of(group.group, unit)
    share: Fraction | None = None
    flags = group.flags
    if number is not None:
        share = return_share(group.returned, number)
        flags += return_flags(group.returned, number, rules.group(group.group))
    return {
        "weight": _text(group.weight),
        "returned": group.returned,
        "valid": group.valid,
        "invited": number,
        "return_share": decimal_text(share),
        "mean": decimal_text(group.mean),
        "mu": decimal_text(group.mu),
        "padded": decimal_text(group.padded),
        "standardised": decimal_text(group.standardised),
        "flags": [flag.value for flag in flags],
    }


def _class(facts: ClassFacts) -> dict[str, Any]:
    return {
        "code": facts.unit_class,
        "units": facts.units,
        "method": facts.method.value,
        "best": decimal_text(facts.best),
        "groups": {
            group.group: {
                "weight": _text(group.weight),
                "units": group.units,
                "mu": decimal_text(group.mu),
                "mean": decimal_text(group.mean),
                "deviation": decimal_text(group.deviation),
            }
            for group in facts.groups
        },
    }


def _interval(interval: Interval) -> dict[str, Any]:
    """Return the interval of the direct score; statistics are plain numbers as text."""
    return {
        "of": "direct",
        "se": _text(interval.se),
        "low": _text(interval.low),
        "high": _text(interval.high),
        "df": _text(interval.df),
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)

"""Rule sets and tallies for tests, made by plain functions."""

from collections.abc import Mapping
from typing import Any

from analytics.rules import RuleSet, parse_rules
from analytics.tally import Cell, Tally


def document(**changes: Any) -> dict[str, Any]:
    """Return a small rule set: one item, five levels, two groups; members can be replaced."""
    return {
        "version": 1,
        "name": "规则",
        "options": [
            {"code": code, "words": code, "points": points}
            for code, points in [("A", 100), ("B", 80), ("C", 60), ("D", 30), ("E", 0), ("N", None)]
        ],
        "items": [{"code": "overall", "words": "总体", "weight": 1}],
        "groups": [
            {"code": "citizens", "words": "群众", "weight": 60, "floor": 3},
            {"code": "npc", "words": "代表", "weight": 40, "floor": 2},
        ],
        **changes,
    }


def rules(**changes: Any) -> RuleSet:
    return parse_rules(document(**changes))


def one_group(code: str = "citizens", **changes: Any) -> RuleSet:
    group = {"code": code, "words": code, "weight": 100, "floor": 30}
    return rules(groups=[group], **changes)


def tally(
    counts: Mapping[tuple[str, str], Mapping[str, int]],
    channel: str = "paper",
    *,
    flagged: bool = False,
) -> Tally:
    """Return the tally of {(group, unit): {pattern: count}}."""
    return Tally(
        (Cell(group, channel, unit, pattern, flagged), count)
        for (group, unit), patterns in counts.items()
        for pattern, count in patterns.items()
    )

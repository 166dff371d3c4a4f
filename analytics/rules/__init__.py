"""Rule sets: their values, their JSON and the ones that are shipped."""

from analytics.rules.presets import PRESETS, preset
from analytics.rules.rule_reader import parse_rules
from analytics.rules.rule_set import (
    Action,
    ClassWeights,
    CompositeFloor,
    Conversion,
    Grade,
    Group,
    Item,
    Method,
    Option,
    RuleSet,
    SmallSamples,
    TieBreak,
    Validity,
    Vetoes,
)
from analytics.tally import BLANK

__all__ = [
    "BLANK",
    "PRESETS",
    "Action",
    "ClassWeights",
    "CompositeFloor",
    "Conversion",
    "Grade",
    "Group",
    "Item",
    "Method",
    "Option",
    "RuleSet",
    "SmallSamples",
    "TieBreak",
    "Validity",
    "Vetoes",
    "parse_rules",
    "preset",
]

"""From a tally and a rule set to each unit's social score, with every figure in between."""

from analytics.social_result import (
    ClassFacts,
    ClassGroup,
    Flag,
    GroupScore,
    ReadyScore,
    SocialResult,
    Unit,
    UnitScore,
)

__all__ = [
    "ClassFacts",
    "ClassGroup",
    "Flag",
    "GroupScore",
    "ReadyScore",
    "SocialResult",
    "Unit",
    "UnitScore",
]

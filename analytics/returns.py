"""How many of those who were invited answered."""

from fractions import Fraction

from analytics.rules.rule_set import Group
from analytics.social_result import Flag


def return_share(returned: int, invited: int) -> Fraction | None:
    """Return the share of the invited whose ballot came back; None where nobody was invited."""
    return Fraction(returned, invited) if invited else None


def return_flags(returned: int, invited: int, group: Group) -> tuple[Flag, ...]:
    """Return what must be said of a return: too low for the rule set, or impossible."""
    if returned > invited:
        return (Flag.MORE_THAN_INVITED,)
    share = return_share(returned, invited)
    if share is not None and share < Fraction(group.min_return_share):
        return (Flag.LOW_RETURN,)
    return ()

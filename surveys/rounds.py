"""A round found by its number or code, and the rule set it is scored by."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.rules import RuleSet, parse_rules
from surveys.models import Round, RuleSetRow
from surveys.refusals import RoundUnknown


def round_of(session: Session, round_id: int) -> Round:
    """Return a round, or refuse."""
    found = session.get(Round, round_id)
    if found is None:
        raise RoundUnknown(code=round_id)
    return found


def round_id_of(session: Session, code: str) -> int:
    """Return the number of the round with a code, or refuse."""
    found = session.scalars(select(Round.id).where(Round.code == code)).one_or_none()
    if found is None:
        raise RoundUnknown(code=code)
    return found


def rule_set(session: Session, round_id: int) -> RuleSet:
    """Return the rule set of a round, or refuse."""
    row = session.get(RuleSetRow, round_id)
    if row is None:
        raise RoundUnknown(code=round_id)
    return parse_rules(row.document)

"""The tables."""

from surveys.models.account import Account, AccountSession, AuditEntry, Role
from surveys.models.ballot import Ballot, Comment, Participation, TallyCell
from surveys.models.base import Base
from surveys.models.fielding import Link, Token
from surveys.models.questionnaire import QuestionnaireRow
from surveys.models.round import Group, Round, RoundState, RuleSetRow, Unit, UnitClass
from surveys.models.scoring import ScoringRun, UnitScore
from surveys.models.work import Adjustment, Indicator, WorkImport, WorkScore

__all__ = [
    "Account",
    "AccountSession",
    "Adjustment",
    "AuditEntry",
    "Ballot",
    "Base",
    "Comment",
    "Group",
    "Indicator",
    "Link",
    "Participation",
    "QuestionnaireRow",
    "Role",
    "Round",
    "RoundState",
    "RuleSetRow",
    "ScoringRun",
    "TallyCell",
    "Token",
    "Unit",
    "UnitClass",
    "UnitScore",
    "WorkImport",
    "WorkScore",
]

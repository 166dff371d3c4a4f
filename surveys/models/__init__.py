"""The tables."""

from surveys.models.account import Account, AccountSession, AuditEntry, Role
from surveys.models.ballot import Ballot, Comment, Correction, Device, Participation, TallyCell
from surveys.models.base import Base
from surveys.models.fielding import Draft, Link, Token
from surveys.models.job import Job, JobState
from surveys.models.questionnaire import QuestionnaireRow
from surveys.models.round import (
    Group,
    Round,
    RoundState,
    RuleSetRow,
    Unit,
    UnitClass,
    check_serving,
)
from surveys.models.scoring import (
    Evidence,
    Population,
    ScoringRun,
    TallyCheck,
    UnitScore,
)
from surveys.models.work import Adjustment, Indicator, WorkImport, WorkScore

__all__ = [
    "Account",
    "AccountSession",
    "Adjustment",
    "AuditEntry",
    "Ballot",
    "Base",
    "Comment",
    "Correction",
    "Device",
    "Draft",
    "Evidence",
    "Group",
    "Indicator",
    "Job",
    "JobState",
    "Link",
    "Participation",
    "Population",
    "QuestionnaireRow",
    "Role",
    "Round",
    "RoundState",
    "RuleSetRow",
    "ScoringRun",
    "TallyCell",
    "TallyCheck",
    "Token",
    "Unit",
    "UnitClass",
    "UnitScore",
    "WorkImport",
    "WorkScore",
    "check_serving",
]

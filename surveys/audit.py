"""Who did what, when: one line for every act in the console or by command."""

from datetime import datetime

from sqlalchemy.orm import Session

from surveys.models import AuditEntry


def record(
    session: Session,
    actor: str,
    action: str,
    now: datetime,
    round_id: int | None = None,
    details: str = "",
) -> None:
    """Write one line in the transaction of the act itself: neither stands without the other.

    `action` is a word of `surveys.wording.ACTIONS`.
    """
    session.add(AuditEntry(at=now, actor=actor, action=action, round_id=round_id, details=details))

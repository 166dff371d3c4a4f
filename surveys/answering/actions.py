"""Puts aside what is not handed in yet."""

from sqlalchemy.orm import Session

from surveys.answering.queries import OpenLink, check_token
from surveys.models import Draft


def keep_draft(session: Session, link: OpenLink, digest: str, sealed: str) -> None:
    """Keep a draft under an unspent token, in place of an earlier one."""
    # Held, so that a draft that comes late cannot outlive the ballot that was handed in meanwhile.
    check_token(session, link, digest, hold=True)
    session.merge(Draft(token_digest=digest, link_id=link.id, sealed=sealed))

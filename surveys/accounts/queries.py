"""Reads accounts, their sign-ins and their set-up links."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from surveys.models import Account, AccountSession
from surveys.refusals import SetupLinkUnknown

IDLE_LIMIT = timedelta(hours=2)
SESSION_LIMIT = timedelta(hours=12)


def secret_digest(secret: str) -> str:
    """Return what is stored of a session's or a set-up link's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def account_named(session: Session, name: str) -> Account | None:
    """Return the active account of a name."""
    found = select(Account).where(Account.name == name, Account.is_active)
    return session.scalars(found).one_or_none()


def account_to_set_up(
    session: Session, secret: str, now: datetime, locked: bool = False
) -> Account:
    """Return the account that a set-up link is for, or refuse."""
    found = select(Account).where(
        Account.setup_digest == secret_digest(secret), Account.setup_expires_at > now
    )
    if locked:
        found = found.with_for_update()
    account = session.scalars(found).one_or_none()
    if account is None:
        raise SetupLinkUnknown
    return account


def running_session(session: Session, secret: str, now: datetime) -> AccountSession | None:
    """Return the sign-in that a browser's secret stands for, None when it has ended."""
    found = (
        select(AccountSession)
        .where(
            AccountSession.digest == secret_digest(secret),
            AccountSession.created_at > now - SESSION_LIMIT,
            AccountSession.seen_at > now - IDLE_LIMIT,
        )
        .options(joinedload(AccountSession.account))
    )
    running = session.scalars(found).one_or_none()
    return running if running is not None and running.account.is_active else None

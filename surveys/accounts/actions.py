"""Adds accounts, sets them up, signs people in and out."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from surveys import audit
from surveys.accounts.queries import (
    IDLE_LIMIT,
    SESSION_LIMIT,
    account_to_set_up,
    secret_digest,
)
from surveys.models import Account, AccountSession, Role

SETUP_LIMIT = timedelta(days=7)
SECRET_BYTES = 32


def setup_url(base_url: str, secret: str) -> str:
    """Return the address of a one-time set-up link."""
    return f"{base_url}/console/setup/{secret}"


def add_account(session: Session, name: str, role: Role, now: datetime) -> str:
    """Add an account without a password; return the secret of its one-time set-up link.

    An account that exists gets a new link and the old one ends: this is the way back for a
    forgotten password, which stays in force until the link is used.
    """
    account = session.scalars(select(Account).where(Account.name == name)).one_or_none()
    if account is None:
        account = Account(name=name, role=role, created_at=now)
        session.add(account)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    account.setup_digest = secret_digest(secret)
    account.setup_expires_at = now + SETUP_LIMIT
    return secret


def finish_setup(session: Session, secret: str, password_hash: str, now: datetime) -> Account:
    """Give an account its password; the set-up link is used up, running sessions end."""
    account = account_to_set_up(session, secret, now, locked=True)
    account.password_hash = password_hash
    account.setup_digest = None
    account.setup_expires_at = None
    session.execute(delete(AccountSession).where(AccountSession.account_id == account.id))
    audit.record(session, account.name, "account set up", now)
    return account


def sign_in(session: Session, account: Account, now: datetime) -> str:
    """Begin a session of an account; return the secret that its browser keeps."""
    session.execute(
        delete(AccountSession).where(
            or_(
                AccountSession.created_at <= now - SESSION_LIMIT,
                AccountSession.seen_at <= now - IDLE_LIMIT,
            )
        )
    )
    secret = secrets.token_urlsafe(SECRET_BYTES)
    session.add(
        AccountSession(
            digest=secret_digest(secret), account_id=account.id, created_at=now, seen_at=now
        )
    )
    audit.record(session, account.name, "signed in", now)
    return secret


def mark_seen(session: Session, secret: str, now: datetime) -> None:
    """Note that a session is in use."""
    session.execute(
        update(AccountSession)
        .where(AccountSession.digest == secret_digest(secret))
        .values(seen_at=now)
    )


def sign_out(session: Session, secret: str, name: str, now: datetime) -> None:
    """End a session."""
    session.execute(delete(AccountSession).where(AccountSession.digest == secret_digest(secret)))
    audit.record(session, name, "signed out", now)

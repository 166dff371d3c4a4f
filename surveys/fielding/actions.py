"""Makes links and one-time codes, and switches links on and off."""

import secrets
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from surveys import audit
from surveys.fielding.queries import (
    link_in_round,
    round_for_links,
    round_with_groups,
    units_without_window,
)
from surveys.models import Link, Round, Token
from surveys.questionnaire import Channel
from surveys.refusals import NotFound
from surveys.tokens import make_token, token_digest

# No 0 and o, 1, i and l: people copy addresses by hand. 31 ** 9 codes cannot be found by trying.
CODE_SIGNS = "23456789abcdefghjkmnpqrstuvwxyz"
CODE_LENGTH = 9


def make_link(
    session: Session,
    round_id: int,
    group_id: int,
    channel: Channel,
    now: datetime,
    label: str = "",
    unit_id: int | None = None,
    excluded_unit_id: int | None = None,
    is_shared: bool = False,
    actor: str = "command",
) -> Link:
    """Make an entrance for a group; a window's has its unit, a batch of codes may leave one out."""
    made = round_for_links(session, round_id)
    _check_parts(made, group_id, {unit_id, excluded_unit_id} - {None})
    link = _link(round_id, group_id, channel, unit_id, is_shared)
    link.label = label
    link.excluded_unit_id = excluded_unit_id
    session.add(link)
    session.flush()
    audit.record(session, actor, "link made", now, round_id, link.code)
    return link


def make_window_links(
    session: Session,
    round_id: int,
    group_id: int,
    now: datetime,
    is_shared: bool = False,
    actor: str = "command",
) -> tuple[Link, ...]:
    """Make a window link of a group for every unit that has none yet."""
    made = round_for_links(session, round_id)
    _check_parts(made, group_id, set())
    links = tuple(
        _link(round_id, group_id, Channel.WINDOW, unit.id, is_shared)
        for unit in units_without_window(session, round_id, group_id)
    )
    session.add_all(links)
    session.flush()
    for link in links:
        audit.record(session, actor, "link made", now, round_id, link.code)
    return links


def make_batch(
    session: Session,
    round_id: int,
    group_id: int,
    count: int,
    now: datetime,
    actor: str,
    label: str = "",
    excluded_unit_id: int | None = None,
) -> tuple[Link, tuple[str, ...]]:
    """Make a link for one-time codes together with its codes."""
    link = make_link(
        session,
        round_id,
        group_id,
        Channel.TOKEN,
        now,
        label=label,
        excluded_unit_id=excluded_unit_id,
        actor=actor,
    )
    tokens = make_tokens(session, link, count)
    audit.record(session, actor, "tokens made", now, round_id, f"{link.code} × {count}")
    return link, tokens


def make_tokens(session: Session, link: Link, count: int) -> tuple[str, ...]:
    """Make one-time codes of a batch; the plain codes exist only in what is returned."""
    tokens = tuple(make_token() for _ in range(count))
    # Stored in the order of their digests, so that no row's place tells a code's place in the list.
    rows = [{"digest": digest, "link_id": link.id} for digest in sorted(map(token_digest, tokens))]
    session.execute(insert(Token), rows)
    return tokens


def switch_link(
    session: Session, round_id: int, link_id: int, is_active: bool, now: datetime, actor: str
) -> Link:
    """Let a link take ballots, or no longer."""
    link = link_in_round(session, round_id, link_id)
    link.is_active = is_active
    action = "link switched on" if is_active else "link switched off"
    audit.record(session, actor, action, now, round_id, link.code)
    return link


def switch_protection(
    session: Session, round_id: int, asks_for_work: bool, now: datetime, actor: str
) -> Round:
    """Have phones do a little work before they hand in, or no longer; at any time."""
    switched = round_with_groups(session, round_id)
    switched.asks_for_work = asks_for_work
    action = "protection switched on" if asks_for_work else "protection switched off"
    audit.record(session, actor, action, now, round_id)
    return switched


def _link(
    round_id: int, group_id: int, channel: Channel, unit_id: int | None, is_shared: bool
) -> Link:
    code = "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH))
    return Link(
        round_id=round_id,
        group_id=group_id,
        channel=channel,
        code=code,
        unit_id=unit_id,
        is_shared=is_shared,
    )


def _check_parts(made: Round, group_id: int, unit_ids: set[int | None]) -> None:
    """Refuse a group or a unit of another round."""
    groups = {group.id for group in made.groups}
    units = {unit.id for unit in made.units}
    if group_id not in groups or not unit_ids <= units:
        raise NotFound

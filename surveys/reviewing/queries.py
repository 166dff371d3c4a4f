"""What the entry of ballots needs to know of a round."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.readers import KEYS
from analytics.rules import RuleSet
from surveys.models import Group, Link, Round, Unit
from surveys.questionnaire import Channel
from surveys.rounds import rule_set

ID_SIGNS = 22  # of a ballot's id


@dataclass(frozen=True)
class EntryRules:
    """How the ratings of a file become ballots of a round."""

    round_id: int
    rules: RuleSet
    unit_numbers: Mapping[str, int]
    group_ids: Mapping[str, int]
    unit_digits: int


def entry_id(channel: Channel, group: str, name: str) -> str:
    """Return the id of a ballot of a file: the same name in the same group is the same ballot."""
    return hashlib.sha256(f"{channel}:{group}:{name}".encode()).hexdigest()[:ID_SIGNS]


def entry_rules(session: Session, round_id: int) -> EntryRules:
    """Return the rule set, units and groups of a round by their codes."""
    units = session.execute(select(Unit.code, Unit.number).where(Unit.round_id == round_id))
    groups = session.execute(select(Group.code, Group.id).where(Group.round_id == round_id))
    digits = session.scalars(select(Round.unit_digits).where(Round.id == round_id)).one()
    return EntryRules(
        round_id, rule_set(session, round_id), dict(units.all()), dict(groups.all()), digits
    )


def entry_links(
    session: Session, round_id: int, channel: Channel, group_ids: Mapping[str, int]
) -> dict[str, int]:
    """Return each group's entrance for a channel without phones; make those that are missing."""
    wanted = select(Link.group_id, Link.id).where(
        Link.round_id == round_id, Link.channel == channel
    )
    found = dict(session.execute(wanted).all())
    for group_id in group_ids.values():
        if group_id not in found:
            link = Link(
                round_id=round_id,
                group_id=group_id,
                code=secrets.token_hex(8),
                channel=channel,
            )
            session.add(link)
            session.flush()
            found[group_id] = link.id
    return {code: found[group_id] for code, group_id in group_ids.items()}


def ratings_columns(session: Session, round_id: int) -> tuple[str, ...]:
    """Return the columns of a round's ratings files."""
    return (*KEYS, *(item.code for item in rule_set(session, round_id).items))


def has_codes(session: Session, round_id: int) -> bool:
    """Tell whether a group of the round answers with one-time codes."""
    wanted = select(Link.id).where(Link.round_id == round_id, Link.channel == Channel.TOKEN)
    return session.scalars(wanted.limit(1)).first() is not None


def entry_round(session: Session, round_id: int) -> Round:
    """Return the round, held as it is until the end of the transaction."""
    return session.scalars(
        select(Round).where(Round.id == round_id).with_for_update(read=True)
    ).one()

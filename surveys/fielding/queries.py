"""Reads a round's links and how many of their one-time codes have been used."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from surveys.models import Group, Link, Round, RoundState, Token, Unit
from surveys.questionnaire import Channel
from surveys.refusals import NotFound, WrongState

# Links may be printed before a round opens and added while it is open, not afterwards.
STATES_FOR_LINKS = frozenset({RoundState.DRAFT, RoundState.REHEARSAL, RoundState.OPEN})
CHANNELS_BY_LINK = (Channel.OPEN, Channel.WINDOW, Channel.TOKEN)


@dataclass(frozen=True)
class TokenCount:
    """How many codes of a batch were made and what became of them; no times on purpose."""

    issued: int = 0
    used: int = 0
    void: int = 0

    @property
    def unused(self) -> int:
        """Return how many codes still admit a ballot."""
        return self.issued - self.used - self.void


def link_url(base_url: str, link: Link, token: str | None = None) -> str:
    """Return the address of a link; a code stands in the fragment, which no server log sees."""
    address = f"{base_url}/a/{link.code}"
    return f"{address}#{token}" if token else address


def round_with_groups(session: Session, round_id: int) -> Round:
    """Return a round with its groups and units, or refuse."""
    found = (
        select(Round)
        .where(Round.id == round_id)
        .options(selectinload(Round.groups), selectinload(Round.units))
    )
    made = session.scalars(found).one_or_none()
    if made is None:
        raise NotFound
    return made


def round_for_links(session: Session, round_id: int) -> Round:
    """Return a round that may be given links now, or refuse."""
    made = round_with_groups(session, round_id)
    if made.state not in STATES_FOR_LINKS:
        raise WrongState(state=made.state)
    return made


def link_in_round(session: Session, round_id: int, link_id: int) -> Link:
    """Return a link of a round, or refuse."""
    link = session.get(Link, link_id)
    if link is None or link.round_id != round_id:
        raise NotFound
    return link


def links_by_channel(session: Session, round_id: int) -> dict[Channel, list[Link]]:
    """Return a round's links with group and unit, in the order of groups and units."""
    found = (
        select(Link)
        .join(Group, Group.id == Link.group_id)
        .outerjoin(Unit, Unit.id == Link.unit_id)
        .where(Link.round_id == round_id, Link.channel.in_(CHANNELS_BY_LINK))
        .options(joinedload(Link.group), joinedload(Link.unit), joinedload(Link.excluded_unit))
        .order_by(Group.position, Unit.number, Link.id)
    )
    sorted_out: dict[Channel, list[Link]] = {channel: [] for channel in CHANNELS_BY_LINK}
    for link in session.scalars(found):
        sorted_out[link.channel].append(link)
    return sorted_out


def units_without_window(session: Session, round_id: int, group_id: int) -> Sequence[Unit]:
    """Return the units that have no window link for a group yet."""
    with_window = select(Link.unit_id).where(
        Link.round_id == round_id, Link.group_id == group_id, Link.channel == Channel.WINDOW
    )
    found = select(Unit).where(Unit.round_id == round_id, Unit.id.not_in(with_window))
    return session.scalars(found.order_by(Unit.number)).all()


def token_counts(session: Session, round_id: int) -> dict[int, TokenCount]:
    """Return the counts of codes per link id."""
    is_used = Token.spent_by.is_not(None)
    found = (
        select(Token.link_id, is_used, Token.is_void, func.count())
        .join(Link, Link.id == Token.link_id)
        .where(Link.round_id == round_id)
        .group_by(Token.link_id, is_used, Token.is_void)
    )
    counts: defaultdict[int, TokenCount] = defaultdict(TokenCount)
    for link_id, used, void, count in session.execute(found):
        before = counts[link_id]
        counts[link_id] = TokenCount(
            issued=before.issued + count,
            used=before.used + (count if used else 0),
            void=before.void + (count if void and not used else 0),
        )
    return dict(counts)

"""Who took part: how many ballots came from each group, through which channels and links."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveys.models import Correction, Group, Link, Participation
from surveys.questionnaire import ENTERING, Channel, Validity


@dataclass(frozen=True)
class BallotCount:
    """How many ballots were received, by what became of them; flagged ones are counted too."""

    received: int = 0
    counted: int = 0
    flagged: int = 0
    duplicate: int = 0
    held: int = 0
    excluded: int = 0


@dataclass(frozen=True)
class ChannelCount:
    """The ballots of a group that came through one channel."""

    channel: Channel
    ballots: BallotCount


@dataclass(frozen=True)
class GroupCount:
    """The ballots of one group; `name` and `name_en` are the group's."""

    group_id: int
    code: str
    name: str
    name_en: str | None
    invited_count: int | None
    ballots: BallotCount
    channels: tuple[ChannelCount, ...]

    @property
    def return_share(self) -> float | None:
        """Return counted ballots per invited person, None where their number is unknown."""
        if not self.invited_count:
            return None
        return self.ballots.counted / self.invited_count


@dataclass(frozen=True)
class RoundCount:
    """The ballots of a round: all together, per group, and per link id."""

    total: BallotCount
    groups: tuple[GroupCount, ...]
    links: dict[int, BallotCount]


def participation(session: Session, round_id: int) -> RoundCount:
    """Return how many ballots a round has received, without any time or day.

    What was decided about secret ballots later is in the totals and groups and not in the links:
    nobody knows through which batch of codes such a ballot came.
    """
    totals = func.sum(Participation.count)
    rows = session.execute(
        select(Link.group_id, Link.channel, Link.id, Participation.validity, totals)
        .join(Link, Link.id == Participation.link_id)
        .where(Participation.round_id == round_id)
        .group_by(Link.group_id, Link.channel, Link.id, Participation.validity)
    ).all()
    seen = [(row[0], row[1], row[2], row[3], int(row[4])) for row in rows]
    links = [row[2:] for row in seen]
    seen += _corrections(session, round_id)
    groups = session.scalars(
        select(Group).where(Group.round_id == round_id).order_by(Group.position)
    )
    return RoundCount(
        total=_count((validity, count) for *_, validity, count in seen),
        groups=tuple(
            _of_group(group, [row[1:] for row in seen if row[0] == group.id]) for group in groups
        ),
        links={
            wanted: _count((row[1], row[2]) for row in links if row[0] == wanted)
            for wanted in {link_id for link_id, _, _ in links}
        },
    )


NO_LINK = 0


def _corrections(session: Session, round_id: int) -> list[tuple[int, Channel, int, Validity, int]]:
    """Return what decisions about secret ballots have moved inside their groups."""
    rows = session.execute(
        select(Correction.group_id, Correction.channel, Correction.validity, Correction.count)
        .where(Correction.round_id == round_id)
        .order_by(Correction.group_id, Correction.channel, Correction.validity)
    )
    return [
        (group_id, channel, NO_LINK, validity, count) for group_id, channel, validity, count in rows
    ]


def _of_group(group: Group, seen: list[tuple[Channel, int, Validity, int]]) -> GroupCount:
    used = {channel for channel, *_ in seen}
    return GroupCount(
        group_id=group.id,
        code=group.code,
        name=group.name,
        name_en=group.name_en,
        invited_count=group.invited_count,
        ballots=_count((validity, count) for _, _, validity, count in seen),
        channels=tuple(
            ChannelCount(wanted, _count((row[2], row[3]) for row in seen if row[0] is wanted))
            for wanted in Channel
            if wanted in used
        ),
    )


def _count(seen: Iterable[tuple[Validity, int]]) -> BallotCount:
    counts: Counter[Validity] = Counter()
    for validity, count in seen:
        counts[validity] += count
    return BallotCount(
        received=counts.total(),
        counted=sum(counts[validity] for validity in ENTERING),
        flagged=counts[Validity.FLAGGED],
        duplicate=counts[Validity.DUPLICATE],
        held=counts[Validity.HELD],
        excluded=counts[Validity.EXCLUDED],
    )

"""What people answered: ballots, comments, and the counts folded from them."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from surveys.models.base import Base, words_of
from surveys.questionnaire import Channel, Validity


class Ballot(Base):
    """One submission, stored; of a secret ballot neither time nor entrance is kept.

    The id is the one that came with the page, so that the same submission is stored once; a secret
    ballot gets a random one, and its token is what makes it unique.
    """

    __tablename__ = "ballot"
    # PostgreSQL spreads the rows over partitions by the id, which every unique key must hold.
    # Its primary key finds the beginning of an id only where it sorts by bytes, as SQLite does.
    __table_args__ = (
        Index("ix_ballot_receipt", text("left(id, 10)")).ddl_if(dialect="postgresql"),
        {"sqlite_with_rowid": False, "postgresql_partition_by": "HASH (id)"},
    )

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("appraiser_group.id"))
    channel: Mapped[Channel] = mapped_column(words_of(Channel, "channel"))
    link_id: Mapped[int | None] = mapped_column(ForeignKey("link.id"))
    device_key: Mapped[str | None] = mapped_column(String(43))
    ratings: Mapped[str] = mapped_column(Text)
    answers: Mapped[str | None] = mapped_column(Text)
    received_on: Mapped[date | None]
    seconds: Mapped[int | None]
    validity: Mapped[Validity] = mapped_column(words_of(Validity, "validity"))
    reasons: Mapped[str] = mapped_column(String(120), default="")


class Device(Base):
    """Which ballot a browser handed in first in a round and group: the only one that counts."""

    __tablename__ = "device"
    __table_args__ = ({"sqlite_with_rowid": False},)

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(43), primary_key=True)
    ballot_id: Mapped[str] = mapped_column(String(22))


class Comment(Base):
    """What somebody wrote about a unit; of a secret ballot it stands alone."""

    __tablename__ = "comment"
    __table_args__ = ({"sqlite_with_rowid": False},)

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    ballot_id: Mapped[str | None] = mapped_column(String(22))
    group_id: Mapped[int] = mapped_column(ForeignKey("appraiser_group.id"))
    unit_number: Mapped[int]
    words: Mapped[str] = mapped_column(Text)


class TallyCell(Base):
    """How many counted ballots of a group and channel gave a unit this pattern."""

    __tablename__ = "tally"
    __table_args__ = (
        CheckConstraint("count >= 0", name="count_not_negative"),
        {"sqlite_with_rowid": False},
    )

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("appraiser_group.id"), primary_key=True)
    channel: Mapped[Channel] = mapped_column(words_of(Channel, "channel"), primary_key=True)
    unit_number: Mapped[int] = mapped_column(primary_key=True)
    pattern: Mapped[str] = mapped_column(String(40), primary_key=True)
    is_flagged: Mapped[bool] = mapped_column(primary_key=True)
    count: Mapped[int]


class Participation(Base):
    """How many ballots came through a link on a day, by what became of them."""

    __tablename__ = "participation"
    __table_args__ = ({"sqlite_with_rowid": False},)

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("link.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    validity: Mapped[Validity] = mapped_column(words_of(Validity, "validity"), primary_key=True)
    count: Mapped[int]


class Correction(Base):
    """What later decisions about secret ballots add to a group's participation, or take away.

    Such a ballot keeps neither entrance nor day, so the rows of `Participation` cannot be moved.
    """

    __tablename__ = "correction"
    __table_args__ = ({"sqlite_with_rowid": False},)

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("appraiser_group.id"), primary_key=True)
    channel: Mapped[Channel] = mapped_column(words_of(Channel, "channel"), primary_key=True)
    validity: Mapped[Validity] = mapped_column(words_of(Validity, "validity"), primary_key=True)
    count: Mapped[int]

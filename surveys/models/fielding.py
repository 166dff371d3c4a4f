"""How questionnaires go out: links and one-time tokens."""

from sqlalchemy import ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveys.models.base import Base, words_of
from surveys.models.round import Group, Round, Unit
from surveys.questionnaire import Channel


class Link(Base):
    """One entrance; for tokens it is the batch, and the token admits one ballot through it."""

    __tablename__ = "link"

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), index=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("appraiser_group.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(20), unique=True)
    channel: Mapped[Channel] = mapped_column(words_of(Channel, "channel"))
    label: Mapped[str] = mapped_column(String(120), default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    # A device at a counter that many people use one after the other: it leaves and keeps no mark.
    is_shared: Mapped[bool] = mapped_column(default=False, server_default=false())
    # A window's unit, chosen when the page opens.
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id", ondelete="CASCADE"))
    # The unit that a batch's appraisers work for and therefore do not rate.
    excluded_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id", ondelete="CASCADE"))

    round: Mapped[Round] = relationship(lazy="raise")
    group: Mapped[Group] = relationship(lazy="raise")
    unit: Mapped[Unit | None] = relationship(lazy="raise", foreign_keys=[unit_id])
    excluded_unit: Mapped[Unit | None] = relationship(lazy="raise", foreign_keys=[excluded_unit_id])


class Token(Base):
    """A secret that admits one ballot, known only by its digest; no time is kept on purpose."""

    __tablename__ = "token"
    # Sought by the beginning of the mark: SQLite knows a range of bytes.
    __table_args__ = (
        Index("ix_token_spent_by", "spent_by").ddl_if(dialect="sqlite"),
        Index("ix_token_receipt", text("left(spent_by, 15)")).ddl_if(dialect="postgresql"),
        {"sqlite_with_rowid": False},
    )

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("link.id", ondelete="CASCADE"), index=True)
    is_void: Mapped[bool] = mapped_column(default=False)
    # A digest of the submission that spent it, so that its retry is told the same receipt.
    spent_by: Mapped[str | None] = mapped_column(String(64))


class Draft(Base):
    """What somebody with a one-time code has filled in so far, readable only with that code.

    It goes when the ballot is handed in or the round closes; no time is kept on purpose.
    """

    __tablename__ = "draft"
    __table_args__ = {"sqlite_with_rowid": False}

    token_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("link.id", ondelete="CASCADE"), index=True)
    sealed: Mapped[str] = mapped_column(Text)

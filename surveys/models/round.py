"""A round: its units in classes, its appraiser groups, its rule set."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveys.models.base import Base, words_of
from surveys.models.questionnaire import QuestionnaireRow
from surveys.refusals import LinkClosed, LinkNotYetOpen


class RoundState(StrEnum):
    """The life cycle of a round, in order."""

    DRAFT = "draft"
    REHEARSAL = "rehearsal"
    OPEN = "open"
    CLOSED = "closed"
    SCORED = "scored"
    PUBLISHED = "published"


def check_serving(
    state: RoundState, opens_at: datetime | None, closes_at: datetime | None, now: datetime
) -> None:
    """Refuse when a round takes no ballot at this moment; a rehearsal knows no dates."""
    if state is RoundState.REHEARSAL:
        return
    if state is RoundState.DRAFT:
        raise LinkNotYetOpen
    if state is not RoundState.OPEN:
        raise LinkClosed
    if opens_at is not None and now < opens_at:
        raise LinkNotYetOpen
    if closes_at is not None and now >= closes_at:
        raise LinkClosed


class Round(Base):
    """One period in which units are appraised under one rule set."""

    __tablename__ = "round"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str | None] = mapped_column(String(120))
    office: Mapped[str] = mapped_column(String(120))
    office_en: Mapped[str | None] = mapped_column(String(120))
    state: Mapped[RoundState] = mapped_column(words_of(RoundState, "state"))
    is_demonstration: Mapped[bool] = mapped_column(default=False)
    rehearsed_at: Mapped[datetime | None]
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    frozen_at: Mapped[datetime | None]
    frozen_sha256: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    # Widths of the ratings text: digits of a unit's number, and option codes per unit.
    unit_digits: Mapped[int] = mapped_column(default=2)
    item_count: Mapped[int]
    # What people are told before they answer: whom to ask, for how long it is kept, what comes of
    # it when. The notice itself is written down when the round opens.
    contact: Mapped[str | None] = mapped_column(String(200))
    keep_months: Mapped[int | None]
    results_on: Mapped[date | None]
    notice: Mapped[str | None] = mapped_column(Text)
    notice_sha256: Mapped[str | None] = mapped_column(String(64))
    # Whether phones do a little work before they hand in, which costs a robot more than a person.
    asks_for_work: Mapped[bool] = mapped_column(default=False, server_default=false())

    classes: Mapped[list["UnitClass"]] = relationship(
        lazy="raise", order_by="UnitClass.position", back_populates="round"
    )
    units: Mapped[list["Unit"]] = relationship(
        lazy="raise", order_by="Unit.number", back_populates="round"
    )
    groups: Mapped[list["Group"]] = relationship(
        lazy="raise", order_by="Group.position", back_populates="round"
    )
    rule_set: Mapped["RuleSetRow"] = relationship(lazy="raise", back_populates="round")


class UnitClass(Base):
    """A class of units that are ranked among themselves."""

    __tablename__ = "unit_class"
    __table_args__ = (UniqueConstraint("round_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str | None] = mapped_column(String(120))

    round: Mapped[Round] = relationship(lazy="raise", back_populates="classes")


class Unit(Base):
    """A unit that is appraised; its number stands for it in the ratings text."""

    __tablename__ = "unit"
    __table_args__ = (
        UniqueConstraint("round_id", "code"),
        UniqueConstraint("round_id", "number"),
        CheckConstraint("number > 0", name="number_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    class_id: Mapped[int] = mapped_column(ForeignKey("unit_class.id"))
    number: Mapped[int]
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str | None] = mapped_column(String(120))
    duties: Mapped[str | None] = mapped_column(Text)
    duties_en: Mapped[str | None] = mapped_column(Text)
    is_ranked: Mapped[bool] = mapped_column(default=True)

    round: Mapped[Round] = relationship(lazy="raise", back_populates="units")
    unit_class: Mapped[UnitClass] = relationship(lazy="raise")


class Group(Base):
    """A kind of appraiser in a round; its weight stands in the rule set under the same code."""

    __tablename__ = "appraiser_group"
    __table_args__ = (UniqueConstraint("round_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    questionnaire_id: Mapped[int] = mapped_column(ForeignKey("questionnaire.id"))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str | None] = mapped_column(String(120))
    invited_count: Mapped[int | None]

    round: Mapped[Round] = relationship(lazy="raise", back_populates="groups")
    questionnaire: Mapped[QuestionnaireRow] = relationship(lazy="raise")


class RuleSetRow(Base):
    """The rule set of a round, as its canonical document."""

    __tablename__ = "rule_set"

    round_id: Mapped[int] = mapped_column(
        ForeignKey("round.id", ondelete="CASCADE"), primary_key=True
    )
    document: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))

    round: Mapped[Round] = relationship(lazy="raise", back_populates="rule_set")

"""Scoring runs: one computation each, never changed afterwards."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveys.models.base import Base


class ScoringRun(Base):
    """One computation: the rules as they were, digests of its input, every figure of it."""

    __tablename__ = "scoring_run"
    __table_args__ = (UniqueConstraint("round_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    number: Mapped[int]
    created_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(60))
    code_version: Mapped[str] = mapped_column(String(80))
    rules: Mapped[str] = mapped_column(Text)
    rules_sha256: Mapped[str] = mapped_column(String(64))
    tally_sha256: Mapped[str] = mapped_column(String(64))
    work_sha256: Mapped[str | None] = mapped_column(String(64))
    # What concerns the round as a whole: classes, groups, counts by validity; JSON.
    summary: Mapped[str] = mapped_column(Text)

    units: Mapped[list["UnitScore"]] = relationship(
        lazy="raise", order_by="UnitScore.position", back_populates="run"
    )


class UnitScore(Base):
    """Every figure of one unit in one run, as JSON with exact decimals."""

    __tablename__ = "unit_score"

    run_id: Mapped[int] = mapped_column(ForeignKey("scoring_run.id"), primary_key=True)
    unit_code: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int]
    figures: Mapped[str] = mapped_column(Text)

    run: Mapped[ScoringRun] = relationship(lazy="raise", back_populates="units")


class TallyCheck(Base):
    """One recount of a round's ballots, and whether the tally of this digest agreed with it."""

    __tablename__ = "tally_check"
    __table_args__ = ({"sqlite_with_rowid": False},)

    round_id: Mapped[int] = mapped_column(
        ForeignKey("round.id", ondelete="CASCADE"), primary_key=True
    )
    tally_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    checked_at: Mapped[datetime] = mapped_column(primary_key=True)
    ballots: Mapped[int] = mapped_column(BigInteger)
    differences: Mapped[int]  # cells in which they disagree
    actor: Mapped[str] = mapped_column(String(60))


class Evidence(Base):
    """What statistics say beside a run, of the round and of each unit, as JSON; never changed.

    A version of the program whose documents have another form keeps its own beside the older one.
    """

    __tablename__ = "evidence"
    __table_args__ = ({"sqlite_with_rowid": False},)

    run_id: Mapped[int] = mapped_column(
        ForeignKey("scoring_run.id"), primary_key=True, autoincrement=False
    )
    form: Mapped[str] = mapped_column(String(16), primary_key=True)
    created_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(60))
    code_version: Mapped[str] = mapped_column(String(80))
    document: Mapped[str] = mapped_column(Text)


class Population(Base):
    """How many people of the population are of one kind: what open ballots are held against.

    `variable` is the code of a question with single choice and `level` the code of a choice, or
    the variable is `place` and the level the label of an entrance.
    """

    __tablename__ = "population"
    __table_args__ = (
        CheckConstraint("people >= 0", name="people_not_negative"),
        {"sqlite_with_rowid": False},
    )

    round_id: Mapped[int] = mapped_column(
        ForeignKey("round.id", ondelete="CASCADE"), primary_key=True
    )
    variable: Mapped[str] = mapped_column(String(40), primary_key=True)
    level: Mapped[str] = mapped_column(String(120), primary_key=True)
    people: Mapped[int] = mapped_column(BigInteger)

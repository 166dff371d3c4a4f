"""The 70 points: indicators, scores, adjustments and vetoes of a round."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from surveys.models.base import Base


class Indicator(Base):
    """A second-level indicator with its aspect."""

    __tablename__ = "indicator"
    __table_args__ = (UniqueConstraint("round_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    position: Mapped[int]
    aspect: Mapped[str] = mapped_column(String(40))
    aspect_name: Mapped[str] = mapped_column(String(120))
    aspect_name_en: Mapped[str | None] = mapped_column(String(120))
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str | None] = mapped_column(String(120))
    full_marks: Mapped[Decimal]
    basis: Mapped[str] = mapped_column(Text, default="")


class WorkImport(Base):
    """One confirmed workbook of scores; the newest is in force."""

    __tablename__ = "work_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(60))
    imported_at: Mapped[datetime]


class WorkScore(Base):
    """What a unit scored on an indicator, or that it does not apply."""

    __tablename__ = "work_score"

    import_id: Mapped[int] = mapped_column(
        ForeignKey("work_import.id", ondelete="CASCADE"), primary_key=True
    )
    unit_id: Mapped[int] = mapped_column(
        ForeignKey("unit.id", ondelete="CASCADE"), primary_key=True
    )
    indicator_id: Mapped[int] = mapped_column(
        ForeignKey("indicator.id", ondelete="CASCADE"), primary_key=True
    )
    applies: Mapped[bool] = mapped_column(default=True)
    full_marks: Mapped[Decimal]
    score: Mapped[Decimal | None]


class Adjustment(Base):
    """An approved bonus or deduction, or a veto, with its reason."""

    __tablename__ = "adjustment"

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("work_import.id", ondelete="CASCADE"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="CASCADE"))
    points: Mapped[Decimal]
    is_veto: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(String(400))

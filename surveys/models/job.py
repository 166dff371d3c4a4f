"""Long work: imports, exports and recounts, each a row that outlives the process at work."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from surveys.models.base import Base, words_of


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Base):
    """One piece of long work; a lease says who is at it, and one that ran out sets it free."""

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("done_count >= 0", name="done_count_not_negative"),
        Index("ix_job_state", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    round_id: Mapped[int | None] = mapped_column(
        ForeignKey("round.id", ondelete="CASCADE"), index=True
    )
    arguments: Mapped[str] = mapped_column(Text, default="{}")  # JSON
    state: Mapped[JobState] = mapped_column(words_of(JobState, "job_state"))
    done_count: Mapped[int] = mapped_column(default=0)
    total_count: Mapped[int | None]
    lease_until: Mapped[datetime | None]
    holder: Mapped[str | None] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(default=0)
    result: Mapped[str | None] = mapped_column(Text)  # JSON
    file_name: Mapped[str | None] = mapped_column(String(200))
    problem: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

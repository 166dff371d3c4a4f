"""What became of a job, in the reader's language."""

import json
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from surveys.models import Job
from surveys.wording import words


@dataclass(frozen=True)
class SaidFault:
    """One fault of a file, with its place."""

    row: int | None
    column: str | None
    words: str


def problem_words(job: Job) -> tuple[str, str]:
    """Return what went wrong and what can be done about it; two empty texts when nothing did."""
    if not job.problem:
        return "", ""
    kept = json.loads(job.problem)
    message, advice, values = kept["message"], kept["advice"], _spoken(kept["values"])
    return gettext(message, **values), gettext(advice, **values) if advice else ""


def faults_of(job: Job) -> tuple[SaidFault, ...]:
    """Return the faults of the file that a job was about."""
    return tuple(_said(fault) for fault in result_of(job).get("faults", ()))


def result_of(job: Job) -> dict[str, Any]:
    """Return what a job found so far."""
    kept: dict[str, Any] = json.loads(job.result) if job.result else {}
    return kept


def arguments_of(job: Job) -> dict[str, Any]:
    """Return what a job was started with."""
    kept: dict[str, Any] = json.loads(job.arguments)
    return kept


def _said(fault: dict[str, Any]) -> SaidFault:
    message, values = fault["message"], _spoken(fault["values"])
    return SaidFault(fault.get("row"), fault.get("column"), gettext(message, **values))


def _spoken(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as one says them; a round's state was kept as its bare word."""
    return {key: words(value) if key == "state" else value for key, value in values.items()}

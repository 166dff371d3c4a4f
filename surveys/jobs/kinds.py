"""What a kind of long work is: a part that only reads, and effects that happen once."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from surveys.db import Database
from surveys.settings import Settings

Result = dict[str, Any]

# Where each kind stands, by name: this floor knows no feature, and a child loads only its own.
KINDS: Mapping[str, str] = {
    "evidence": "surveys.scoring.evidence:EVIDENCE",
    "export": "surveys.reviewing.export:EXPORT",
    "import": "surveys.reviewing.entry:IMPORT",
    "recount": "surveys.recount:RECOUNT",
}


@dataclass(frozen=True)
class Task:
    """What a child works with: it reads the store, writes files and tells how far it is."""

    job_id: int
    round_id: int | None
    arguments: Mapping[str, Any]
    database: Database
    settings: Settings
    folder: Path
    upload: Path
    tell: Callable[[int, int | None], None]


@dataclass(frozen=True)
class Claim:
    """A job that this process holds: what it is, and the name it is held under."""

    job_id: int
    kind: str
    round_id: int | None
    arguments: Mapping[str, Any]
    actor: str
    holder: str
    attempts: int
    result: Result | None


@dataclass(frozen=True)
class Step:
    """One short transaction of a job whose effects are many; `note` keeps how far it has come."""

    session: Session
    now: datetime
    note: Callable[[int, int, Result], None]


Write = Callable[[], AbstractContextManager[Step]]


@dataclass(frozen=True)
class Kind:
    """A kind of long work.

    `work` runs in a child process that can only read, and returns what JSON can hold; the key
    `file` names a file of `task.folder` to be downloaded. `settle` then runs in the transaction
    that marks the job done. `apply` is for effects too many for one transaction: it writes step by
    step, each step once, begins again after the last noted one, and returns the final result.
    """

    name: str
    work: Callable[[Task], Result]
    settle: Callable[[Session, Claim, Result, datetime], None] | None = None
    apply: Callable[[Claim, Result, Write, Path], Result] | None = None


def kind_of(name: str, kinds: Mapping[str, str] = KINDS) -> Kind:
    """Return the kind of a name, loading its module."""
    module, _, attribute = kinds[name].partition(":")
    found: Kind = getattr(import_module(module), attribute)
    return found

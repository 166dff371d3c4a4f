"""All ballots of a round as a file: streamed in random order, secret ones by an allow-list."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Select, String, select, type_coerce
from sqlalchemy.orm import Session

from analytics.faults import N_
from surveys.db import Database, reading
from surveys.jobs import Kind, Result, Task
from surveys.long_tables import Cell, Tables, csv_tables, quoted, xlsx_tables
from surveys.models import Ballot, Comment
from surveys.notice import VERSION_SIGNS
from surveys.questionnaire import BLANK, ENTERING, Channel, Question, Validity
from surveys.reviewing.export_plan import ExportPlan, Scope, export_plan

ROWS_AT_A_TIME = 2_000


class Form(StrEnum):
    """What kind of file an export is."""

    XLSX = "xlsx"
    CSV = "csv"
    RATINGS = "ratings"  # only what counts, as `flask score-files` and an import read it


BALLOTS, COMMENTS, LEGEND = N_("Ballots"), N_("Comments"), N_("Legend")
HEADINGS = (
    N_("Ballot"),
    N_("Group"),
    N_("Channel"),
    N_("Link"),
    N_("Received on"),
    N_("Seconds"),
    N_("Validity"),
    N_("Reasons"),
)
UNREADABLE = N_("Unreadable")
COMMENT_HEADINGS = (N_("Ballot"), N_("Group"), N_("Unit"), N_("Comment"))
LEGEND_HEADINGS = (N_("Part"), N_("Code"), N_("Meaning"))
ROUND_PART, PLACE_PART, OPTION_PART = N_("Round"), N_("Sign %(place)s of a cell"), N_("Option")
NOTICE_PART = N_("Notice to respondents (SHA-256)")
BLANK_WORDS = N_("not answered")
# Every sentence that a file may hold; who starts an export sends them along in its language.
SENTENCES = (
    *(BALLOTS, COMMENTS, LEGEND, UNREADABLE, BLANK_WORDS),
    *(ROUND_PART, NOTICE_PART, PLACE_PART, OPTION_PART),
    *HEADINGS,
    *COMMENT_HEADINGS,
    *LEGEND_HEADINGS,
)


@dataclass(frozen=True)
class Words:
    """The sentences of a file, and the words for channels, validities and reasons."""

    sentences: Mapping[str, str]
    kinds: Mapping[str, str]

    def say(self, msgid: str, **values: object) -> str:
        """Return a sentence in the file's language."""
        return self.sentences.get(msgid, msgid) % values

    def kind(self, value: str) -> str:
        """Return the words for a channel, validity or reason."""
        return self.kinds.get(value, value)


def export_ballots(task: Task) -> Result:
    """Write a round's ballots into a file of the task's folder."""
    assert task.round_id is not None  # noqa: S101 - an export is started for a round
    form, scope = Form(task.arguments["form"]), Scope(task.arguments["scope"])
    is_english = bool(task.arguments.get("is_english"))
    with reading(task.database) as session:
        _hold_still(session, task.database)
        plan = export_plan(session, task.round_id, scope, is_english=is_english)
        words = Words(task.arguments.get("sentences", {}), task.arguments.get("kinds", {}))
        name, write = WRITERS[form]
        file = f"{plan.code}-{name}"
        count = write(session, task.folder / file, plan, words, task.tell)
    task.tell(count, count)
    return {"file": file, "ballots": count}


EXPORT = Kind("export", export_ballots)

Tell = Callable[[int, int | None], None]


def _hold_still(session: Session, database: Database) -> None:
    """Let ballots and comments be those of one moment."""
    if not database.is_sqlite:  # which reads from one moment anyway
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


# --- workbook and CSV -----------------------------------------------------------------------------


def _write_xlsx(session: Session, path: Path, plan: ExportPlan, words: Words, tell: Tell) -> int:
    with xlsx_tables(path) as tables:
        return _write_tables(session, tables, plan, words, tell)


def _write_csv(session: Session, path: Path, plan: ExportPlan, words: Words, tell: Tell) -> int:
    with csv_tables(path) as tables:
        return _write_tables(session, tables, plan, words, tell)


def _write_tables(
    session: Session, tables: Tables, plan: ExportPlan, words: Words, tell: Tell
) -> int:
    named = [f"{code} {name}" for code, name in plan.units.values()]
    asked = [question.words for question in plan.questions]
    headings = [*map(words.say, HEADINGS), *asked, *named, words.say(UNREADABLE)]
    count = 0
    with tables.table(words.say(BALLOTS), headings) as add:
        line = _Line(plan, words)
        for count, row in enumerate(_ballots(session, plan), start=1):
            add(*line.of(row))
            if count % ROWS_AT_A_TIME == 0:
                tell(count, plan.total)
    with tables.table(words.say(COMMENTS), [*map(words.say, COMMENT_HEADINGS)]) as add:
        for row in _comments(session, plan):
            code, name = plan.units.get(f"{row.unit_number:0{plan.unit_digits}d}", ("?", "?"))
            add(row.ballot_id or "", [plan.group_names[row.group_id], f"{code} {name}", row.words])
    with tables.table(words.say(LEGEND), [*map(words.say, LEGEND_HEADINGS)]) as add:
        for part, code, meaning in _legend(plan, words):
            add(part, [code, meaning])
    return count


class _Line:
    """Turns rows into lines of the table of ballots."""

    def __init__(self, plan: ExportPlan, words: Words) -> None:
        self._plan, self._words = plan, words
        self._first_unit = len(HEADINGS) + len(plan.questions)
        self._places = {number: self._first_unit + place for place, number in enumerate(plan.units)}
        self._known: dict[str, tuple[int, str]] = {}

    def of(self, row: Row[Any]) -> tuple[str, list[Cell], list[tuple[int, str]]]:
        """Return a ballot's id, its first cells, and what it says about units."""
        plan, words = self._plan, self._words
        # A secret ballot shows only what stands on this list, whatever its row may hold.
        is_secret = row.channel == Channel.TOKEN
        cells: list[Cell] = [
            plan.group_names[row.group_id],
            words.kind(row.channel),
            "" if is_secret else plan.links.get(row.link_id, ""),
            "" if is_secret or row.received_on is None else str(row.received_on),
            None if is_secret else row.seconds,
            words.kind(row.validity),
            "; ".join(map(words.kind, row.reasons.split(","))) if row.reasons else "",
        ]
        if plan.questions:
            given = json.loads(row.answers) if row.answers else {}
            cells += [_answer(question, given.get(question.code)) for question in plan.questions]
        return row.id, cells, self._ratings(row.ratings)

    def _ratings(self, text: str) -> list[tuple[int, str]]:
        width, known = self._plan.width, self._known
        far = []
        for start in range(0, len(text), width):
            piece = text[start : start + width]
            found = known.get(piece)
            if found is None:
                place = self._places.get(piece[: self._plan.unit_digits])
                if place is None or len(piece) < width:  # damaged: shown as it is stored
                    return [(self._first_unit + len(self._places), text)]
                found = known[piece] = (place, piece[self._plan.unit_digits :])
            far.append(found)
        return sorted(far)


def _answer(question: Question, given: Any) -> str:
    chosen = {choice.code: choice.words for choice in question.choices}
    several = given if isinstance(given, list) else [given]
    return "; ".join(chosen.get(one, str(one)) for one in several if one is not None)


def _legend(plan: ExportPlan, words: Words) -> Iterator[tuple[str, str, str]]:
    yield words.say(ROUND_PART), plan.code, plan.name
    if plan.notice_sha256:  # every ballot was given under this one text
        yield words.say(NOTICE_PART), plan.notice_sha256[:VERSION_SIGNS], plan.notice_sha256
    for place, (code, name) in enumerate(plan.items, start=1):
        yield words.say(PLACE_PART, place=place), code, name
    for code, name in (*plan.options, (BLANK, words.say(BLANK_WORDS))):
        yield words.say(OPTION_PART), code, name


# --- only what counts, unit by unit ---------------------------------------------------------------


def _write_ratings(
    session: Session, path: Path, plan: ExportPlan, _words: Words, tell: Tell
) -> int:
    """Write counted ballots as a ratings file: a row per ballot and unit, a column per item."""
    columns = ["ballot", "group", "unit", *(code for code, _ in plan.items)]
    codes = {number: code for number, (code, _) in plan.units.items()}
    suffixes: dict[str, str] = {}
    count = 0
    with gzip.GzipFile(path, "wb", compresslevel=1, mtime=0) as file:
        file.write((",".join(columns) + "\r\n").encode())
        for count, row in enumerate(_ballots(session, plan, ENTERING), start=1):
            head = f"{row.id},{quoted(plan.group_codes[row.group_id])},"
            lines = []
            for start in range(0, len(row.ratings), plan.width):
                piece = row.ratings[start : start + plan.width]
                if piece not in suffixes:
                    unit, pattern = piece[: plan.unit_digits], piece[plan.unit_digits :]
                    signs = ("" if sign == BLANK else sign for sign in pattern)
                    suffixes[piece] = ",".join([quoted(codes.get(unit, unit)), *signs]) + "\r\n"
                lines.append(head + suffixes[piece])
            file.write("".join(lines).encode())
            if count % ROWS_AT_A_TIME == 0:
                tell(count, plan.total)
    return count


Writer = Callable[[Session, Path, ExportPlan, Words, Tell], int]
WRITERS: Mapping[Form, tuple[str, Writer]] = {
    Form.XLSX: ("ballots.xlsx", _write_xlsx),
    Form.CSV: ("ballots.zip", _write_csv),
    Form.RATINGS: ("ratings.csv.gz", _write_ratings),
}


# --- rows -----------------------------------------------------------------------------------------


def _ballots(
    session: Session, plan: ExportPlan, validities: Sequence[Validity] | frozenset[Validity] = ()
) -> Iterator[Row[Any]]:
    """Yield ballots by their random ids; enums stay plain text, for there are many rows."""
    wanted = (
        select(
            Ballot.id,
            Ballot.group_id,
            type_coerce(Ballot.channel, String).label("channel"),
            Ballot.link_id,
            Ballot.received_on,
            Ballot.seconds,
            type_coerce(Ballot.validity, String).label("validity"),
            Ballot.reasons,
            Ballot.answers,
            Ballot.ratings,
        )
        .where(Ballot.round_id == plan.round_id, Ballot.group_id.in_(plan.group_names))
        .order_by(Ballot.id)
    )
    if validities:
        wanted = wanted.where(Ballot.validity.in_(validities))
    return _streamed(session, wanted)


def _comments(session: Session, plan: ExportPlan) -> Iterator[Row[Any]]:
    """Yield comments by their own random ids, so that their order tells nothing."""
    return _streamed(
        session,
        select(Comment.ballot_id, Comment.group_id, Comment.unit_number, Comment.words)
        .where(Comment.round_id == plan.round_id, Comment.group_id.in_(plan.group_names))
        .order_by(Comment.id),
    )


def _streamed(session: Session, wanted: Select[*tuple[Any, ...]]) -> Iterator[Row[Any]]:
    return iter(session.execute(wanted.execution_options(yield_per=ROWS_AT_A_TIME)))

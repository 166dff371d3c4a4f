"""The population table of a round: how many people of each kind open ballots should stand for."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from analytics.faults import N_, FileFault
from analytics.tables import FaultList
from analytics.weighting.weights import Margin
from surveys import audit
from surveys.models import Link, Population, QuestionnaireRow, RoundState
from surveys.questionnaire import Channel, Kind
from surveys.refusals import WrongState
from surveys.rounds import round_of
from surveys.scoring.ballot_rows import PLACE


@dataclass(frozen=True)
class Known:
    """Something that a population table may name, by its code, and the words that people read."""

    code: str
    words: str
    words_en: str | None = None


@dataclass(frozen=True)
class Variable:
    """A question with a single choice and its answers, or the entrances."""

    known: Known
    levels: tuple[Known, ...]


def variables_of(session: Session, round_id: int) -> tuple[Variable, ...]:
    """Return what a population table may name: choices of single questions, and entrances."""
    found: dict[str, Known] = {}
    levels: dict[str, dict[str, Known]] = {}
    for document in session.scalars(
        select(QuestionnaireRow.document)
        .where(QuestionnaireRow.round_id == round_id)
        .order_by(QuestionnaireRow.id)
    ):
        for question in json.loads(document)["questions"]:
            if question["kind"] == Kind.SINGLE:
                one = _known(question)
                found.setdefault(one.code, one)
                of_one = levels.setdefault(one.code, {})
                for choice in question["choices"]:
                    of_one.setdefault(choice["code"], _known(choice))
    names = session.execute(
        select(Link.label, Link.code)
        .where(Link.round_id == round_id, Link.channel != Channel.TOKEN)
        .order_by(Link.id)
    )
    places = dict.fromkeys(label or code for label, code in names)
    found[PLACE] = Known(PLACE, "")
    levels[PLACE] = {place: Known(place, "") for place in places}
    return tuple(Variable(one, tuple(levels[code].values())) for code, one in found.items())


def _known(row: dict[str, Any]) -> Known:
    return Known(row["code"], row["words"], row["words_en"])


def keep_population(
    session: Session, round_id: int, margins: Sequence[Margin], file: str, now: datetime, actor: str
) -> None:
    """Put a table in the place of the one before, or refuse what the round does not know."""
    appraised = round_of(session, round_id)
    if appraised.state is RoundState.PUBLISHED:
        raise WrongState(state=appraised.state)
    known = {
        one.known.code: {level.code for level in one.levels}
        for one in variables_of(session, round_id)
    }
    _check_known(margins, known, file)
    session.execute(delete(Population).where(Population.round_id == round_id))
    rows = [
        {"round_id": round_id, "variable": one.variable, "level": level, "people": round(people)}
        for one in margins
        for level, people in zip(one.levels, one.population.tolist(), strict=True)
    ]
    if rows:
        session.execute(insert(Population), rows)
    details = ", ".join(one.variable for one in margins)
    audit.record(session, actor, "population changed", now, round_id, f"{file}: {details}"[:200])


def _check_known(margins: Sequence[Margin], known: Mapping[str, set[str]], file: str) -> None:
    faults = FaultList()
    for one in margins:
        if one.variable not in known:
            message = N_("“%(code)s” is neither a question with single choice nor “place”")
            faults.add(FileFault(message, file, None, "variable", code=one.variable))
            continue
        for level in one.levels:
            if level not in known[one.variable]:
                message = N_("“%(code)s” is no answer to “%(variable)s”")
                faults.add(
                    FileFault(message, file, None, "level", code=level, variable=one.variable)
                )
    faults.check()

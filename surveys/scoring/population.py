"""The population table of a round: how many people of each kind open ballots should stand for."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from analytics.faults import N_, FileFault
from analytics.tables import FaultList
from analytics.weighting import Margin
from surveys import audit
from surveys.models import Link, Population, QuestionnaireRow, RoundState
from surveys.questionnaire import Channel, Kind
from surveys.refusals import WrongState
from surveys.rounds import round_of
from surveys.scoring.ballot_rows import PLACE


def known_levels(session: Session, round_id: int) -> dict[str, tuple[str, ...]]:
    """Return what a population table may name: choices of single questions, and entrances."""
    levels: dict[str, dict[str, None]] = {}
    for document in session.scalars(
        select(QuestionnaireRow.document)
        .where(QuestionnaireRow.round_id == round_id)
        .order_by(QuestionnaireRow.id)
    ):
        for question in json.loads(document)["questions"]:
            if question["kind"] == Kind.SINGLE:
                found = levels.setdefault(question["code"], {})
                found.update(dict.fromkeys(choice["code"] for choice in question["choices"]))
    places = session.execute(
        select(Link.label, Link.code)
        .where(Link.round_id == round_id, Link.channel != Channel.TOKEN)
        .order_by(Link.id)
    )
    levels[PLACE] = dict.fromkeys(label or code for label, code in places)
    return {variable: tuple(found) for variable, found in levels.items()}


def keep_population(
    session: Session, round_id: int, margins: Sequence[Margin], file: str, now: datetime, actor: str
) -> None:
    """Put a table in the place of the one before, or refuse what the round does not know."""
    appraised = round_of(session, round_id)
    if appraised.state is RoundState.PUBLISHED:
        raise WrongState(state=appraised.state)
    _check_known(margins, known_levels(session, round_id), file)
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


def _check_known(margins: Sequence[Margin], known: dict[str, tuple[str, ...]], file: str) -> None:
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

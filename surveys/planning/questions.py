"""Questionnaires read from their two sheets, with what each kind of question needs."""

from typing import Any

from analytics.faults import N_, Fault
from surveys.planning.sheets import Problems, Row
from surveys.questionnaire import (
    TEXT_MAX_CHARS,
    Choice,
    Kind,
    QuestionnaireText,
    parse_questionnaire,
)

CHOOSING = frozenset({Kind.SINGLE, Kind.SEVERAL})
# Fields that belong to some kinds only.
ONLY: dict[str, frozenset[Kind]] = {
    "choices": CHOOSING,
    "reason": CHOOSING,
    "lowest": frozenset({Kind.NUMBER}),
    "highest": frozenset({Kind.NUMBER}),
    "max_chars": frozenset({Kind.TEXT}),
}
CHOICE_REASONS = frozenset({"coached"})


def read_questionnaires(
    papers: tuple[Row, ...], questions: tuple[Row, ...], problems: Problems
) -> tuple[QuestionnaireText, ...]:
    """Return the questionnaires; what is wrong with them is added to the problems."""
    read = (
        _questionnaire(
            paper,
            tuple(row for row in questions if row["questionnaire"] == paper["code"]),
            problems,
        )
        for paper in papers
    )
    return tuple(text for text in read if text is not None)


def _questionnaire(
    paper: Row, rows: tuple[Row, ...], problems: Problems
) -> QuestionnaireText | None:
    before = len(problems.found)
    asked: dict[str, Row] = {}
    for row in rows:
        _check_question(row, asked, problems)
        asked[row["code"]] = row
    is_whole = _is_whole(paper, "title", "unit_choice") and all(
        _is_whole(row, "kind", "words") for row in rows
    )
    if len(problems.found) > before or not is_whole:
        return None
    document = {**paper.values, "questions": [_question(row) for row in rows]}
    try:
        return parse_questionnaire(document)
    except Fault as fault:  # what the checks above did not know of
        problems.add(paper.sheet, paper.number, fault.place, fault.message, **fault.values)
        return None


def _is_whole(row: Row, *needed: str) -> bool:
    """Tell whether nothing is missing and nothing was unreadable; else that is already noted."""
    return None not in row.values.values() and all(row[name] is not None for name in needed)


def _check_question(row: Row, asked: dict[str, Row], problems: Problems) -> None:
    kind = row["kind"]
    if kind is None or row["words"] is None:
        return  # already noted, cell by cell
    for name, kinds in ONLY.items():
        if row[name] is not None and kind not in kinds:
            problems.add(
                row.sheet,
                row.number,
                row.place(name),
                N_("This does not go with the kind of question."),
            )
    if kind in CHOOSING and row.values.get("choices", ()) == ():
        problems.add(
            row.sheet,
            row.number,
            row.place("choices"),
            N_("The choices of this question are missing."),
        )
    if row["max_chars"] is not None and not 1 <= row["max_chars"] <= TEXT_MAX_CHARS:
        problems.add(
            row.sheet,
            row.number,
            row.place("max_chars"),
            N_("A number from 1 to %(most)s is expected."),
            most=TEXT_MAX_CHARS,
        )
    if None not in (row["lowest"], row["highest"]) and row["lowest"] > row["highest"]:
        problems.add(
            row.sheet,
            row.number,
            row.place("highest"),
            N_("The highest number is below the lowest."),
        )
    _check_reason(row, problems)
    _check_condition(row, asked, problems)


def _check_reason(row: Row, problems: Problems) -> None:
    if row["reason"] is None or row.values.get("choices", ()) is None:
        return
    chosen, reason = row["reason"]
    if chosen not in _choice_codes(row) or reason not in CHOICE_REASONS:
        problems.add(
            row.sheet,
            row.number,
            row.place("reason"),
            N_("A choice of this question and one of these reasons are expected: %(names)s."),
            names=", ".join(sorted(CHOICE_REASONS)),
        )


def _check_condition(row: Row, asked: dict[str, Row], problems: Problems) -> None:
    if row["shown_if"] is None:
        return
    question, choice = row["shown_if"]
    if question not in asked or choice not in _choice_codes(asked[question]):
        problems.add(
            row.sheet,
            row.number,
            row.place("shown_if"),
            N_("It depends on a choice that no earlier question offers."),
        )


def _choice_codes(row: Row) -> set[str]:
    return {code for code, _, _ in row["choices"] or ()}


def _question(row: Row) -> dict[str, Any]:
    """Return a question as the questionnaire's document has it."""
    given = {name: value for name, value in row.values.items() if name != "questionnaire"}
    marked, reason = given.pop("reason", (None, None))
    choices = [
        {
            "code": code,
            "words": words,
            "words_en": english,
            "reason": reason if code == marked else None,
        }
        for code, words, english in given.get("choices", ())
    ]
    return {**given, "choices": choices}


def choice_lines(choices: tuple[Choice, ...]) -> str:
    """Return choices as the cell holds them: one per line, `code=words|English words`."""
    return "\n".join(
        f"{one.code}={one.words}" + (f"|{one.words_en}" if one.words_en else "") for one in choices
    )


def reason_pair(choices: tuple[Choice, ...]) -> str | None:
    """Return the choice that marks a ballot, as the cell holds it."""
    return next((f"{one.code}={one.reason}" for one in choices if one.reason), None)

"""A round's plan as a workbook: built from a plan, and read back into one."""

import json
from dataclasses import asdict, replace
from typing import Any

from analytics.rules import PRESETS, RuleSet
from surveys.planning import layout
from surveys.planning.layout import Tongue
from surveys.planning.plan import RoundPlan
from surveys.planning.questions import choice_lines, reason_pair
from surveys.planning.reading import read_round
from surveys.planning.writing import Row, Say, write_workbook
from surveys.questionnaire import Kind, Question, QuestionnaireText

__all__ = ["build_round_workbook", "read_round"]

DEMONSTRATION = ("演示数据", "Demonstration data")


def build_round_workbook(plan: RoundPlan, say: Say = str, tongue: Tongue = Tongue.CHINESE) -> bytes:
    """Return a plan as .xlsx; `say` translates the notes, `tongue` chooses names and headings."""
    preset = _preset(plan.rules)
    contents: dict[layout.Table | layout.Listing, list[Row]] = {
        layout.ROUND: [_head(plan)],
        layout.CLASSES: [asdict(one) for one in plan.classes],
        layout.UNITS: [asdict(unit) for unit in plan.units],
        layout.GROUPS: [asdict(group) for group in plan.groups],
        layout.INDICATORS: [asdict(one) for one in plan.indicators],
        layout.QUESTIONNAIRES: [_paper(text) for text in plan.questionnaires],
        layout.QUESTIONS: [
            _question(text.code, question)
            for text in plan.questionnaires
            for question in text.questions
        ],
        layout.RULES: [{"preset": preset} if preset else {"document": _document(plan.rules)}],
        layout.CLASS_WEIGHTS: _class_weights(plan.rules) if preset else [],
    }
    mark = DEMONSTRATION[tongue] if plan.is_demonstration else ""
    return write_workbook(contents, say, tongue, mark)


def _head(plan: RoundPlan) -> dict[str, Any]:
    return {line.field: getattr(plan, line.field) for line in layout.ROUND.lines}


def _paper(text: QuestionnaireText) -> dict[str, Any]:
    return {one.field: getattr(text, one.field) for one in layout.QUESTIONNAIRES.columns}


def _question(questionnaire: str, question: Question) -> dict[str, Any]:
    return {
        **asdict(question),
        "questionnaire": questionnaire,
        "choices": choice_lines(question.choices),
        "reason": reason_pair(question.choices),
        "max_chars": question.max_chars if question.kind is Kind.TEXT else None,
        "shown_if": "=".join(question.shown_if) if question.shown_if else None,
    }


def _preset(rules: RuleSet) -> str | None:
    """Return the name of the shipped rule set that this one is, class weights aside."""
    bare = replace(rules, class_weights=())
    return next((name for name, shipped in PRESETS.items() if shipped == bare), None)


def _document(rules: RuleSet) -> str:
    return json.dumps(rules.document(), ensure_ascii=False)


def _class_weights(rules: RuleSet) -> list[Row]:
    return [
        {"class_code": named.unit_class, "group": group, "weight": weight}
        for named in rules.class_weights
        for group, weight in named.weights
    ]

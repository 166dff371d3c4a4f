"""A round's workbook read into its plan, or refused with every problem and its place."""

from collections import Counter
from typing import Any

from analytics.faults import N_, Fault
from analytics.rules import PRESETS, RuleSet, parse_rules
from surveys.planning import layout
from surveys.planning.plan import (
    PlannedClass,
    PlannedGroup,
    PlannedIndicator,
    PlannedUnit,
    RoundPlan,
)
from surveys.planning.questions import read_questionnaires
from surveys.planning.sheets import Problems, Row, check_sheets, read_listing, read_table
from surveys.spreadsheet import Workbook


def read_round(workbook: Workbook) -> RoundPlan:
    """Return the plan that a workbook holds, or raise all its problems at once."""
    problems = Problems()
    check_sheets(workbook, layout.SHEETS, problems)
    head = read_listing(workbook, layout.ROUND, problems)
    classes = read_table(workbook, layout.CLASSES, problems)
    units = read_table(workbook, layout.UNITS, problems)
    groups = read_table(workbook, layout.GROUPS, problems)
    indicators = read_table(workbook, layout.INDICATORS, problems)
    papers = read_table(workbook, layout.QUESTIONNAIRES, problems)
    questions = read_table(workbook, layout.QUESTIONS, problems)
    rules_row = read_listing(workbook, layout.RULES, problems)
    weights = read_table(workbook, layout.CLASS_WEIGHTS, problems)
    _check_known(units, "class_code", classes, problems)
    _check_known(groups, "questionnaire", papers, problems)
    _check_known(questions, "questionnaire", papers, problems)
    _check_known(weights, "class_code", classes, problems)
    _check_times(head, problems)
    _check_names(units, problems)
    texts = read_questionnaires(papers, questions, problems)
    rules = _rules(rules_row, weights, problems)
    if rules is not None:
        _check_groups(groups, rules, problems)
        _check_rule_classes(rules_row, rules, classes, problems)
        _check_aspects(rules_row, rules, indicators, problems)
    problems.refuse_if_any()
    assert head is not None  # noqa: S101 - else there were problems
    assert rules is not None  # noqa: S101 - likewise
    return RoundPlan(
        **head.values,
        classes=tuple(PlannedClass(**row.values) for row in classes),
        units=tuple(PlannedUnit(**row.values) for row in units),
        groups=tuple(PlannedGroup(**row.values) for row in groups),
        indicators=tuple(PlannedIndicator(**row.values) for row in indicators),
        questionnaires=texts,
        rules=rules,
    )


def _check_known(
    rows: tuple[Row, ...], field: str, among: tuple[Row, ...], problems: Problems
) -> None:
    """Note values that name nothing of another sheet."""
    known = {row["code"] for row in among}
    for row in rows:
        if row[field] is not None and row[field] not in known:
            problems.add(
                row.sheet,
                row.number,
                row.place(field),
                N_("There is no “%(code)s” in the sheet that lists them."),
                code=row[field],
            )


def _check_times(head: Row | None, problems: Problems) -> None:
    if head is None or head["closes_at"] is None:
        return
    if head["opens_at"] is not None and head["closes_at"] <= head["opens_at"]:
        problems.add(
            head.sheet, None, head.place("closes_at"), N_("The round ends before it begins.")
        )
    if head["results_on"] is not None and head["results_on"] < head["closes_at"].date():
        problems.add(
            head.sheet,
            None,
            head.place("results_on"),
            N_("The results would be published before the round ends."),
        )


def _check_names(units: tuple[Row, ...], problems: Problems) -> None:
    """Note units that nobody could tell apart."""
    first: dict[str, int] = {}
    for row in units:
        name = row["name"]
        if name in first:
            problems.add(
                row.sheet,
                row.number,
                row.place("name"),
                N_("“%(code)s” already stands in row %(row)s."),
                code=name,
                row=first[name],
            )
        elif name is not None:
            first[name] = row.number


def _rules(row: Row | None, weights: tuple[Row, ...], problems: Problems) -> RuleSet | None:
    """Return the rule set that a preset's name or a document gives, with its class weights."""
    if row is None:
        return None
    preset, document = row["preset"], row["document"]
    if (preset is None) == (document is None):
        problems.add(
            row.sheet,
            None,
            None,
            N_("Please give either the name of a shipped rule set or a document, not both."),
        )
        return None
    if preset is not None and preset not in PRESETS:
        problems.add(
            row.sheet,
            None,
            row.place("preset"),
            N_("There is no shipped rule set “%(name)s”; there are: %(names)s."),
            name=preset,
            names=", ".join(PRESETS),
        )
        return None
    try:
        given: dict[str, Any] = (
            PRESETS[preset].document() if preset is not None else parse_rules(document).document()
        )
        if weights:
            given["class_weights"] = _class_weights(weights)
        return parse_rules(given)
    except Fault as fault:
        sheet = (
            weights[0].sheet if weights and fault.place.startswith("class_weights") else row.sheet
        )
        problems.add(sheet, None, fault.place or None, fault.message, **fault.values)
        return None


def _class_weights(weights: tuple[Row, ...]) -> dict[str, dict[str, str]]:
    named: dict[str, dict[str, str]] = {}
    for row in weights:
        if row["weight"] is not None:
            named.setdefault(row["class_code"], {})[row["group"]] = str(row["weight"])
    return named


def _check_groups(groups: tuple[Row, ...], rules: RuleSet, problems: Problems) -> None:
    """Note groups without rules, and weights without a group."""
    if not groups:
        return
    known = {group.code for group in rules.groups}
    named = {row["code"] for row in groups}
    for row in groups:
        if row["code"] not in known:
            problems.add(
                row.sheet,
                row.number,
                row.place("code"),
                N_("The rule set has no group “%(code)s”."),
                code=row["code"],
            )
    for code in _weighted(rules) - named:
        problems.add(
            groups[0].sheet,
            None,
            groups[0].place("code"),
            N_(
                "The rule set gives the group “%(code)s” a weight, but this sheet does not name it."
            ),
            code=code,
        )


def _weighted(rules: RuleSet) -> set[str]:
    """Return the groups that have weight in any class."""
    general = {group.code for group in rules.groups if group.weight}
    special = {code for named in rules.class_weights for code, weight in named.weights if weight}
    return general | special


def _check_rule_classes(
    row: Row | None, rules: RuleSet, classes: tuple[Row, ...], problems: Problems
) -> None:
    known = {one["code"] for one in classes}
    for named in rules.class_weights:
        if row is not None and named.unit_class not in known:
            problems.add(
                row.sheet,
                None,
                row.place("document"),
                N_("The rule set has weights for the class “%(code)s”, which this round has not."),
                code=named.unit_class,
            )


def _check_aspects(
    row: Row | None, rules: RuleSet, indicators: tuple[Row, ...], problems: Problems
) -> None:
    """Note aspects of the rule set without indicators, and aspects with several names."""
    known = {one["aspect"] for one in indicators}
    for aspect in rules.work_aspects or ():
        if row is not None and indicators and aspect not in known:
            problems.add(
                row.sheet,
                None,
                row.place("document"),
                N_("The rule set counts the aspect “%(code)s”, which has no indicator."),
                code=aspect,
            )
    names = Counter(dict.fromkeys((one["aspect"], one["aspect_name"]) for one in indicators))
    aspects = Counter(aspect for aspect, _ in names)
    for one in indicators:
        if aspects[one["aspect"]] > 1:
            problems.add(
                one.sheet,
                one.number,
                one.place("aspect_name"),
                N_("The aspect “%(code)s” has different names."),
                code=one["aspect"],
            )

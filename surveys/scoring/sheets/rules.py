"""The fourth sheet: the rule set of the run, in words and as the JSON that was used."""

from typing import Any

from flask_babel import gettext as _

from analytics.rules import RuleSet
from surveys.scoring.derivation import shown
from surveys.scoring.run import RunView
from surveys.scoring.sheets.groups import group_name
from surveys.scoring.sheets.paper import Paper, add_sheet, heading, put
from surveys.scoring.words import said
from surveys.web import named

JSON_ROW_POINTS = 12

Facts = list[tuple[str, str]]


def write_sheet(paper: Paper, run: RunView) -> None:
    """Write the rules in words, then the document itself, one line per row."""
    title = _("%(round)s: scoring rules", round=heading(run))
    sheet = add_sheet(paper, run, _("Scoring rules"), title, 0)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 90)
    row = 4
    for words, facts in (
        (_("Rule set"), _general(run.rules)),
        (_("Options"), _options(run.rules)),
        (_("Items"), _items(run.rules)),
        (_("Groups and weights"), _groups(run)),
        (_("Grades"), _grades(run.rules)),
    ):
        row = _section(paper, sheet, row, words, facts)
    row = _section(paper, sheet, row, _("The rule set as a document (JSON)"), [])
    for line in run.rules.to_json().splitlines():
        sheet.write_string(row, 0, line, paper.code)
        sheet.set_row(row, JSON_ROW_POINTS)
        row += 1


def _section(paper: Paper, sheet: Any, row: int, words: str, facts: Facts) -> int:
    put(sheet, row, 0, words, paper.band)
    put(sheet, row, 1, None, paper.band)
    for place, (name, value) in enumerate(facts, start=row + 1):
        put(sheet, place, 0, name, paper.text)
        put(sheet, place, 1, value, paper.text)
    return row + 1 + len(facts) + (1 if facts else 0)


def _general(rules: RuleSet) -> Facts:
    return [
        (_("Name of the rule set"), named(rules)),
        (_("Version"), str(rules.version)),
        (_("Full marks of the social appraisal"), shown(rules.full_marks)),
        (_("Full marks of the work assessment"), shown(rules.work_full_marks)),
        (_("Decimals that are printed"), str(rules.rounding)),
        (_("Items that must be scored at least"), str(rules.min_items_scored)),
        (_("Small samples"), said(rules.small_samples)),
        (_("Left out at each end (percent)"), shown(rules.trim_percent)),
        (_("Conversion"), said(rules.conversion.method)),
        (_("Limit of adjustments"), f"± {shown(rules.adjustment_limit)}"),
    ]


def _options(rules: RuleSet) -> Facts:
    return [
        (
            f"{option.code} {named(option, 'words')}",
            _("not scored") if option.points is None else shown(option.points),
        )
        for option in rules.options
    ]


def _items(rules: RuleSet) -> Facts:
    return [
        (named(item, "words"), _("weight %(weight)s", weight=shown(item.weight)))
        for item in rules.items
    ]


def _groups(run: RunView) -> Facts:
    facts = [
        (
            group_name(run, run.rules, group.code),
            _(
                "weight %(weight)s · floor %(floor)s · hidden from units below %(hidden)s ballots",
                weight=shown(group.weight),
                floor=group.floor,
                hidden=group.publish_floor,
            ),
        )
        for group in run.rules.groups
        if group.weight or run.summary.group(group.code)
    ]
    classes = {found.code: named(found) for found in run.summary.classes}
    for special in run.rules.class_weights:
        weights = _("; ").join(
            f"{group_name(run, run.rules, code)} {shown(weight)}"
            for code, weight in special.weights
        )
        words = classes.get(special.unit_class, special.unit_class)
        facts.append((_("Weights of %(class_name)s", class_name=words), weights))
    return facts


def _grades(rules: RuleSet) -> Facts:
    return [
        (
            named(grade, "words"),
            _("from %(points)s points", points=shown(grade.threshold))
            if grade.share_percent is None
            else _(
                "from %(points)s points, at most %(share)s %% of the class",
                points=shown(grade.threshold),
                share=shown(grade.share_percent),
            ),
        )
        for grade in rules.grades
    ]

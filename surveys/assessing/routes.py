"""The pages of the 70 points: what is in force, the workbook, its preview, its confirmation."""

import io
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from analytics.rules import RuleSet
from surveys import web, work
from surveys.access import actor, person, requires
from surveys.assessing import actions, queries
from surveys.assessing.forms import WorkConfirmForm, WorkUploadForm
from surveys.assessing.preview import preview_rows, rounded_work
from surveys.assessing.reading import read_work
from surveys.assessing.scores import WorkPlan, WorkScores, figure
from surveys.assessing.template import build_work_workbook
from surveys.models import Role, Round
from surveys.refusals import FileEmpty, FileProblems, FileRefused, FormExpired, PreviewGone
from surveys.rounds import round_of, rule_set
from surveys.spreadsheet import FILE_BYTES_MAX, read_workbook
from surveys.uploads import keep_upload, read_upload, take_upload

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORM_BYTES = 64 * 1024

blueprint = Blueprint("assessing", __name__)


@blueprint.url_value_preprocessor
def _allow_workbooks(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a workbook in where a phone's ballot would be too large."""
    request.max_content_length = FILE_BYTES_MAX + FORM_BYTES


@blueprint.get("/console/rounds/<int:round_id>/work")
@requires(Role.OFFICE)
def work_page(round_id: int) -> ResponseReturnValue:
    """Show the scores in force."""
    return _work_page(round_id)


@blueprint.post("/console/rounds/<int:round_id>/work")
@requires(Role.OFFICE)
def upload(round_id: int) -> ResponseReturnValue:
    """Keep a workbook for its preview, or show everything that is wrong with it."""
    form = WorkUploadForm()
    if not form.validate_on_submit():
        raise FormExpired
    sent = form.file.data
    try:
        if not sent:
            raise FileEmpty(file="")
        content = sent.read()
        name = _checked(round_id, content, sent.filename or "").file_name
    except (FileRefused, FileProblems) as refusal:
        return _work_page(round_id, refusal), refusal.status
    var = web.installation().settings.var
    upload_id = keep_upload(var, _account_id(), content, name, web.now())
    return redirect(url_for("assessing.preview", round_id=round_id, upload_id=upload_id), 303)


@blueprint.get("/console/rounds/<int:round_id>/work/preview/<upload_id>")
@requires(Role.OFFICE)
def preview(round_id: int, upload_id: str) -> ResponseReturnValue:
    """Show what a workbook would change."""
    var = web.installation().settings.var
    waiting = read_upload(var, _account_id(), upload_id, web.now())
    read = _checked(round_id, waiting.content, waiting.file_name)
    return render_template(
        "assessing/preview.html",
        round=read.round,
        rules=read.rules,
        file_name=read.file_name,
        rows=preview_rows(read.plan, read.scores, read.rules),
        has_before=read.plan.in_force is not None,
        upload_id=upload_id,
        form=WorkConfirmForm(formdata=None),
    )


@blueprint.post("/console/rounds/<int:round_id>/work/preview/<upload_id>")
@requires(Role.OFFICE)
def confirm(round_id: int, upload_id: str) -> ResponseReturnValue:
    """Save the workbook that was looked at."""
    if not WorkConfirmForm().validate_on_submit():
        raise FormExpired
    var = web.installation().settings.var
    taken = take_upload(var, _account_id(), upload_id, web.now())
    workbook = read_workbook(taken.content, taken.file_name)
    with web.transaction() as session:
        plan = queries.work_plan(session, round_id)
        scores = read_work(workbook, plan)
        actions.keep_work(
            session,
            round_id,
            plan,
            scores,
            workbook.file_name,
            taken.content,
            web.now(),
            actor(),
        )
    flash(_("The work scores of %(count)s units are saved.", count=len(scores.units)), "good")
    return redirect(url_for("assessing.work_page", round_id=round_id), 303)


@blueprint.get("/console/rounds/<int:round_id>/work/template.xlsx")
@requires(Role.OFFICE)
def template(round_id: int) -> ResponseReturnValue:
    """Hand out the workbook to fill in."""
    with web.reading() as session:
        code = round_of(session, round_id).code
        plan = queries.work_plan(session, round_id)
    name = _("%(code)s-work-scores.xlsx", code=code)
    return send_file(
        io.BytesIO(build_work_workbook(plan)), XLSX, as_attachment=True, download_name=name
    )


@dataclass(frozen=True)
class Checked:
    """A workbook without faults, beside the round it is for."""

    file_name: str
    round: Round
    plan: WorkPlan
    rules: RuleSet
    scores: WorkScores


def _checked(round_id: int, content: bytes, file_name: str) -> Checked:
    """Read a workbook against its round, or refuse."""
    workbook = read_workbook(content, file_name)
    with web.reading() as session:
        appraised = round_of(session, round_id)
        actions.check_open_to_import(appraised)
        plan = queries.work_plan(session, round_id)
        rules = rule_set(session, round_id)
    return Checked(workbook.file_name, appraised, plan, rules, read_work(workbook, plan))


def _work_page(round_id: int, refusal: FileRefused | FileProblems | None = None) -> str:
    with web.reading() as session:
        appraised = round_of(session, round_id)
        plan = queries.work_plan(session, round_id)
        rules = rule_set(session, round_id)
        latest = work.import_in_force(session, round_id)
    return render_template(
        "assessing/work.html",
        round=appraised,
        plan=plan,
        rules=rules,
        latest=latest,
        names={unit.code: unit for unit in plan.units},
        rows=queries.scores_by_unit(plan, plan.in_force),
        work=rounded_work(plan, plan.in_force, rules),
        figure=figure,
        refusal=refusal,
        problems=refusal.problems if isinstance(refusal, FileProblems) else (),
        form=WorkUploadForm(formdata=None),
    )


def _account_id() -> int:
    """Return whose upload this is; the guard has let nobody else in."""
    found = person()
    if found is None:
        raise PreviewGone
    return found.account_id

"""The pages of the 70 points: what is in force, the workbook, its preview, its confirmation."""

import io
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from surveys import web, work
from surveys.access import actor, person, requires
from surveys.assessing import actions, queries
from surveys.assessing.forms import WorkConfirmForm, WorkUploadForm
from surveys.assessing.preview import preview_rows, rounded_work
from surveys.assessing.reading import read_work
from surveys.assessing.scores import figure
from surveys.assessing.template import build_work_workbook
from surveys.models import Role
from surveys.refusals import FileEmpty, FileProblems, FileRefused, FormExpired, PreviewGone
from surveys.spreadsheet import FILE_BYTES_MAX, read_workbook
from surveys.uploads import keep_upload, take_upload

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


@blueprint.get("/console/rounds/<int:round_id>/work/template.xlsx")
@requires(Role.OFFICE)
def template(round_id: int) -> ResponseReturnValue:
    """Hand out the workbook to fill in."""
    with web.reading() as session:
        code = queries.round_of(session, round_id).code
        plan = queries.work_plan(session, round_id)
    name = _("%(code)s-work-scores.xlsx", code=code)
    return send_file(
        io.BytesIO(build_work_workbook(plan)), XLSX, as_attachment=True, download_name=name
    )


@blueprint.post("/console/rounds/<int:round_id>/work/preview")
@requires(Role.OFFICE)
def preview(round_id: int) -> ResponseReturnValue:
    """Show what a workbook would change, or everything that is wrong with it."""
    form = WorkUploadForm()
    if not form.validate_on_submit():
        raise FormExpired
    sent = form.file.data
    try:
        if not sent:
            raise FileEmpty(file="")
        return _preview(round_id, sent.read(), sent.filename or "")
    except FileRefused as refusal:
        return _work_page(round_id, refusal=refusal), refusal.status
    except FileProblems as refusal:
        return _work_page(round_id, refusal=refusal), refusal.status


@blueprint.post("/console/rounds/<int:round_id>/work/confirm")
@requires(Role.OFFICE)
def confirm(round_id: int) -> ResponseReturnValue:
    """Save the workbook that was looked at."""
    form = WorkConfirmForm()
    if not form.validate_on_submit():
        raise FormExpired
    upload = take_upload(
        web.installation().settings.var, _account_id(), form.upload_id.data or "", web.now()
    )
    workbook = read_workbook(upload.content, upload.file_name)
    with web.transaction() as session:
        plan = queries.work_plan(session, round_id)
        scores = read_work(workbook, plan)
        actions.keep_work(
            session,
            round_id,
            plan,
            scores,
            workbook.file_name,
            upload.content,
            web.now(),
            actor(),
        )
    flash(_("The work scores of %(count)s units are saved.", count=len(scores.units)), "good")
    return redirect(url_for("assessing.work_page", round_id=round_id), 303)


def _preview(round_id: int, content: bytes, file_name: str) -> str:
    workbook = read_workbook(content, file_name)
    with web.reading() as session:
        appraised = queries.round_of(session, round_id)
        actions.check_open_to_import(appraised)
        plan = queries.work_plan(session, round_id)
        rules = queries.rule_set(session, round_id)
    scores = read_work(workbook, plan)
    upload_id = keep_upload(
        web.installation().settings.var, _account_id(), content, workbook.file_name, web.now()
    )
    return render_template(
        "assessing/preview.html",
        round=appraised,
        rules=rules,
        file_name=workbook.file_name,
        rows=preview_rows(plan, scores, rules),
        has_before=plan.in_force is not None,
        form=WorkConfirmForm(upload_id=upload_id, formdata=None),
    )


def _work_page(round_id: int, refusal: FileRefused | FileProblems | None = None) -> str:
    with web.reading() as session:
        appraised = queries.round_of(session, round_id)
        plan = queries.work_plan(session, round_id)
        rules = queries.rule_set(session, round_id)
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

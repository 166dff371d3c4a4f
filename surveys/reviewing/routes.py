"""The page of the ballots: paper and telephone ballots in from a file, all ballots out to one."""

import io
from typing import Any

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from surveys import web
from surveys.access import actor, requires
from surveys.jobs.files import receive
from surveys.jobs.queue import announce
from surveys.models import Job, Role
from surveys.participation import participation
from surveys.questionnaire import Channel
from surveys.refusals import ExportTooEarly, FileEmpty, FormExpired, Refusal, WrongState
from surveys.reviewing import actions, queries
from surveys.reviewing.entry import STATES
from surveys.reviewing.export import Form
from surveys.reviewing.export_plan import ENDED, Scope
from surveys.reviewing.export_words import export_words
from surveys.reviewing.forms import ExportForm, ImportForm
from surveys.rounds import round_of
from surveys.spreadsheet import shown_name

# Some 1,500,000 ratings: a city's paper ballots of a year.
IMPORT_BYTES_MAX = 64 * 1024 * 1024
UPLOADING = "reviewing.start_import"

blueprint = Blueprint("reviewing", __name__, url_prefix="/console/rounds/<int:round_id>/ballots")


@blueprint.url_value_preprocessor
def _allow_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a ratings file in where a phone's ballot would be too large."""
    if endpoint == UPLOADING:
        request.max_content_length = IMPORT_BYTES_MAX


@blueprint.get("")
@requires(Role.OFFICE)
def ballots(round_id: int) -> ResponseReturnValue:
    """Show how ballots are entered and exported."""
    return _page(round_id)


@blueprint.post("/import")
@requires(Role.OFFICE)
def start_import(round_id: int) -> ResponseReturnValue:
    """Take a ratings file in; it is checked and stored as a task."""
    form = ImportForm()
    if not form.validate_on_submit():
        raise FormExpired
    sent = form.file.data
    if not sent or not sent.filename:
        return _page(round_id, FileEmpty(file="")), FileEmpty.status
    var = web.installation().settings.var
    # Written down before the transaction, which holds up everybody else's.
    uploaded = receive(var, sent.save)
    try:
        with web.transaction() as session:
            job = actions.start_import(
                session,
                var,
                round_id,
                uploaded,
                shown_name(sent.filename),
                Channel(form.channel.data),
                web.now(),
                actor(),
            )
    except WrongState as refusal:
        return _page(round_id, refusal), refusal.status
    finally:
        uploaded.unlink(missing_ok=True)
    return _to_page_of(job)


@blueprint.post("/export")
@requires(Role.OFFICE)
def start_export(round_id: int) -> ResponseReturnValue:
    """Have a file of all ballots made, as a task."""
    form = ExportForm()
    if not form.validate_on_submit():
        raise FormExpired
    try:
        with web.transaction() as session:
            job = actions.start_export(
                session,
                round_id,
                Form(form.form.data),
                Scope(form.scope.data),
                export_words(),
                web.now(),
                actor(),
            )
    except ExportTooEarly as refusal:
        return _page(round_id, refusal), refusal.status
    return _to_page_of(job)


@blueprint.get("/template.csv")
@requires(Role.OFFICE)
def template(round_id: int) -> ResponseReturnValue:
    """Hand out an empty ratings file with the right columns."""
    with web.reading() as session:
        made = round_of(session, round_id)
        columns = queries.ratings_columns(session, round_id)
    content = ("\ufeff" + ",".join(columns) + "\r\n").encode()
    name = _("%(code)s-paper-ballots.csv", code=made.code)
    return send_file(io.BytesIO(content), "text/csv", as_attachment=True, download_name=name)


def _to_page_of(job: Job) -> ResponseReturnValue:
    announce(web.installation().settings, job.id)
    return redirect(url_for("working.job", round_id=job.round_id, job_id=job.id), 303)


def _page(round_id: int, refusal: Refusal | None = None) -> str:
    with web.reading() as session:
        made = round_of(session, round_id)
        counts = participation(session, round_id)
        has_codes = queries.has_codes(session, round_id)
        columns = queries.ratings_columns(session, round_id)
    is_early = has_codes and made.state not in ENDED
    scope = Scope.OPEN if is_early else Scope.ALL
    return render_template(
        "reviewing/ballots.html",
        round=made,
        counts=counts,
        columns=columns,
        may_enter=made.state in STATES,
        is_early=is_early,
        refusal=web.say(refusal) if refusal else None,
        entering=ImportForm(formdata=None),
        exporting=ExportForm(formdata=None, data={"scope": scope}),
    )

"""The pages of a round before it opens, of its life cycle, its rules and its history."""

import io
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from surveys import web
from surveys.access import actor, person, requires
from surveys.address_budget import BALLOTS_FLAGGED
from surveys.live import live_counts
from surveys.models import Role
from surveys.notice import notice_of
from surveys.participation import participation
from surveys.planning import actions, life, queries, rule_words
from surveys.planning.demonstration import example_plan
from surveys.planning.forms import ConfirmForm, RoundUploadForm
from surveys.planning.layout import Tongue
from surveys.planning.life import Step
from surveys.planning.plan import RoundPlan
from surveys.planning.workbook import build_round_workbook, read_round
from surveys.refusals import (
    FileEmpty,
    FileProblems,
    FileRefused,
    FormExpired,
    Refusal,
    RoundTaken,
)
from surveys.rounds import round_of, rule_set
from surveys.spreadsheet import FILE_BYTES_MAX, read_workbook
from surveys.surge import streams_of
from surveys.uploads import Upload, keep_upload, read_upload, take_upload

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORM_BYTES = 64 * 1024
UPLOADING = "planning.import_round"

blueprint = Blueprint("planning", __name__, url_prefix="/console")


@blueprint.url_value_preprocessor
def _allow_workbook(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a workbook in where a phone's ballot would be too large."""
    if endpoint == UPLOADING:
        request.max_content_length = FILE_BYTES_MAX + FORM_BYTES


@blueprint.get("/")
@requires(Role.OFFICE)
def rounds() -> ResponseReturnValue:
    """List the rounds with the next thing to do in each."""
    with web.reading() as session:
        listed = queries.rounds(session)
        following = {
            one.round.id: life.next_thing(
                one.round, queries.readiness(session, one.round.id), web.now()
            )
            for one in listed
        }
    return render_template("planning/rounds.html", rounds=listed, following=following)


# --- import ---------------------------------------------------------------------------------------


@blueprint.route("/rounds/import", methods=["GET", "POST"])
@requires(Role.OFFICE)
def import_round() -> ResponseReturnValue:
    """Take a workbook in and lead to its preview, or say everything that is wrong with it."""
    form = RoundUploadForm()
    if request.method == "GET":
        return _import_page(form)
    if not form.validate_on_submit():
        raise FormExpired
    try:
        return redirect(_keep_checked(form), 303)
    except (FileRefused, FileProblems, RoundTaken) as refusal:
        return _import_page(form, refusal), refusal.status


@blueprint.get("/rounds/import/<upload_id>")
@requires(Role.OFFICE)
def preview(upload_id: str) -> ResponseReturnValue:
    """Show what a workbook would make."""
    upload = read_upload(web.installation().settings.var, _account_id(), upload_id, web.now())
    plan = _plan(upload)
    return render_template(
        "planning/preview.html",
        plan=plan,
        round=plan,
        file_name=upload.file_name,
        upload_id=upload_id,
        form=ConfirmForm(),
    )


@blueprint.post("/rounds/import/<upload_id>")
@requires(Role.OFFICE)
def confirm_import(upload_id: str) -> ResponseReturnValue:
    """Make the round that the preview showed."""
    upload = take_upload(web.installation().settings.var, _account_id(), upload_id, web.now())
    plan = _plan(upload)
    with web.transaction() as session:
        made = actions.import_round(session, plan, web.now(), actor())
    flash(_("The round has been made. Nothing has been sent out yet."), "good")
    return redirect(url_for("planning.overview", round_id=made.id), 303)


@blueprint.get("/rounds/template.xlsx")
@requires(Role.OFFICE)
def template() -> ResponseReturnValue:
    """Hand out the workbook to fill in, with an example in every sheet."""
    return _workbook(example_plan(), "round-template.xlsx")


# --- one round ------------------------------------------------------------------------------------


@blueprint.get("/rounds/<int:round_id>")
@requires(Role.OFFICE)
def overview(round_id: int) -> ResponseReturnValue:
    """Show where a round stands, what comes next and who took part."""
    with web.reading() as session:
        made = round_of(session, round_id)
        plan = queries.plan_of(session, round_id)
        ready = queries.readiness(session, round_id)
        figures = participation(session, round_id)
    following = life.next_thing(made, ready, web.now())
    return render_template(
        "planning/overview.html",
        round=made,
        plan=plan,
        ready=ready,
        counts=figures,
        following=following,
        others=life.other_steps(made, following),
        step_words=life.WORDS,
        obstacles=life.obstacles(following.step, made, ready, web.now()) if following.step else (),
        respondents_notice=notice_of(made),
    )


@blueprint.get("/rounds/<int:round_id>/counts")
@requires(Role.OFFICE)
def counts(round_id: int) -> ResponseReturnValue:
    """Tell the figures of a running round to the pages that show them."""
    here = web.installation()
    streams = streams_of(here.settings) if here.settings.surge else None
    with web.reading() as session:
        round_of(session, round_id)
        return live_counts(session, here.shared, streams, round_id)


@blueprint.get("/rounds/<int:round_id>/plan.xlsx")
@requires(Role.OFFICE)
def plan_workbook(round_id: int) -> ResponseReturnValue:
    """Hand out a round's plan as the workbook from which it can be made again."""
    with web.reading() as session:
        plan = queries.plan_of(session, round_id)
    return _workbook(plan, f"round-{plan.code}.xlsx")


@blueprint.get("/rounds/<int:round_id>/rules")
@requires(Role.OFFICE)
def rules(round_id: int) -> ResponseReturnValue:
    """Show the rule set in words."""
    with web.reading() as session:
        made = round_of(session, round_id)
        plan = queries.plan_of(session, round_id)
    return render_template(
        "planning/rules.html",
        round=made,
        plan=plan,
        rules=plan.rules,
        methods=rule_words.METHODS,
        small_samples=rule_words.SMALL_SAMPLES,
        consequences=rule_words.CONSEQUENCES,
        crowd=BALLOTS_FLAGGED,
        ties=[_(rule_words.TIES[tie]) for tie in plan.rules.ties],
    )


@blueprint.get("/rounds/<int:round_id>/rules.json")
@requires(Role.OFFICE)
def rules_document(round_id: int) -> ResponseReturnValue:
    """Hand out the rule set as the document that other tools read."""
    with web.reading() as session:
        made = round_of(session, round_id)
        content = rule_set(session, round_id).to_json().encode()
    return send_file(
        io.BytesIO(content),
        "application/json",
        as_attachment=True,
        download_name=f"rules-{made.code}.json",
    )


@blueprint.get("/rounds/<int:round_id>/history")
@requires(Role.OFFICE)
def history(round_id: int) -> ResponseReturnValue:
    """Show who did what."""
    with web.reading() as session:
        made = round_of(session, round_id)
        entries = queries.history(session, round_id)
    return render_template("planning/history.html", round=made, entries=entries)


@blueprint.route(
    "/rounds/<int:round_id>/<any(rehearse, open, close, publish):step>", methods=["GET", "POST"]
)
@requires(Role.OFFICE)
def step(round_id: int, step: str) -> ResponseReturnValue:
    """Name what a step of the life cycle will do, then do it."""
    chosen = Step(step)
    form = ConfirmForm()
    if form.validate_on_submit():
        with web.transaction() as session:
            actions.STEPS[chosen](session, round_id, web.now(), actor())
        flash(_(life.WORDS[chosen].done), "good")
        return redirect(url_for("planning.overview", round_id=round_id), 303)
    with web.reading() as session:
        made = round_of(session, round_id)
        ready = queries.readiness(session, round_id)
        counts = participation(session, round_id)
    return render_template(
        "planning/step.html",
        round=made,
        step=chosen,
        words=life.WORDS[chosen],
        ready=ready,
        counts=counts,
        is_possible=made.state in life.FROM[chosen],
        obstacles=life.obstacles(chosen, made, ready, web.now()),
        form=form,
    )


# --- the parts, in order of use -------------------------------------------------------------------


def _import_page(form: RoundUploadForm, refusal: Refusal | None = None) -> str:
    problems = refusal.problems if isinstance(refusal, FileProblems) else ()
    return render_template(
        "planning/import.html",
        form=form,
        refusal=web.say(refusal) if refusal else None,
        problems=problems,
    )


def _keep_checked(form: RoundUploadForm) -> str:
    """Read the sent workbook, keep it for its confirmation and return the preview's address."""
    sent = form.file.data
    if not sent:
        raise FileEmpty(file="")
    upload = Upload(sent.filename or "", sent.read())
    plan = _plan(upload)
    with web.reading() as session:
        if queries.is_taken(session, plan.code):
            raise RoundTaken(code=plan.code)
    upload_id = keep_upload(
        web.installation().settings.var,
        _account_id(),
        upload.content,
        upload.file_name,
        web.now(),
    )
    return url_for("planning.preview", upload_id=upload_id)


def _plan(upload: Upload) -> RoundPlan:
    return read_round(read_workbook(upload.content, upload.file_name))


def _account_id() -> int:
    signed_in = person()
    assert signed_in is not None  # noqa: S101 - the guard saw to it
    return signed_in.account_id


def _workbook(plan: RoundPlan, name: str) -> ResponseReturnValue:
    tongue = Tongue.ENGLISH if web.is_english() else Tongue.CHINESE
    content = build_round_workbook(plan, _, tongue)
    return send_file(io.BytesIO(content), XLSX, as_attachment=True, download_name=name)

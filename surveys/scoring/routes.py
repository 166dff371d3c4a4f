"""The pages of the results: scoring, the ranking, one unit's sheet, the downloads."""

import io
from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from surveys import audit, web, work
from surveys.access import actor, requires
from surveys.jobs import start_job
from surveys.jobs.queue import announce
from surveys.models import Role
from surveys.refusals import FormExpired, NotFound, RunUnknown
from surveys.rounds import round_of
from surveys.scoring import actions, queries, words
from surveys.scoring.chart import WIDTH, scale_of
from surveys.scoring.derivation import derivation
from surveys.scoring.evidence import start_evidence
from surveys.scoring.evidence_findings import sure_rank
from surveys.scoring.forms import ScoreForm
from surveys.scoring.run import RunView
from surveys.scoring.tables import build_csv
from surveys.scoring.workbook import build_workbook
from surveys.surge import check_drained
from surveys.tallies import latest_check

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

blueprint = Blueprint("scoring", __name__)


@blueprint.get("/console/rounds/<int:round_id>/results")
@requires(Role.OFFICE)
def results(round_id: int) -> ResponseReturnValue:
    """Show the ranking of a run, or what is missing for one."""
    with web.reading() as session:
        appraised = round_of(session, round_id)
        has_runs = bool(queries.run_numbers(session, round_id))
        run = queries.run_view(session, round_id, wanted_run()) if has_runs else None
        work_now = work.work_digest(session, round_id)
        evidence = None if run is None else queries.evidence_view(session, round_id, run)
    context = {
        "round": appraised,
        "form": ScoreForm(formdata=None),
        "may_score": appraised.state in actions.SCORING_STATES,
        "work_now": work_now,
    }
    if run is None:
        return render_template("scoring/not_scored.html", **context)
    return render_template(
        "scoring/results.html",
        run=run,
        scale=scale_of(run.units),
        width=WIDTH,
        words_of=words,
        evidence=evidence,
        set_of=sure_rank,
        changed=[unit for unit in run.units if unit.changes_rank],
        **context,
    )


@blueprint.get("/console/rounds/<int:round_id>/results/<unit_code>")
@requires(Role.OFFICE)
def unit(round_id: int, unit_code: str) -> ResponseReturnValue:
    """Show every step of one unit's figure, from counts to points."""
    with web.reading() as session:
        appraised = round_of(session, round_id)
        run = queries.run_view(session, round_id, wanted_run())
        is_evident = queries.evidence_view(session, round_id, run) is not None
    figures = run.unit(unit_code)
    if figures is None:
        raise NotFound
    return render_template(
        "scoring/unit.html",
        round=appraised,
        run=run,
        unit=figures,
        facts=run.class_of(figures),
        is_evident=is_evident,
        steps=derivation(run, figures),
        words_of=words,
    )


@blueprint.post("/console/rounds/<int:round_id>/results/score")
@requires(Role.OFFICE)
def score(round_id: int) -> ResponseReturnValue:
    """Compute a new run; behind it ballots are counted again and its evidence is worked out."""
    if not ScoreForm().validate_on_submit():
        raise FormExpired
    with web.reading() as session:
        check_drained(session, web.installation().settings, round_id)
        prepared = actions.prepare_run(session, round_id)
    jobs = []
    with web.transaction() as session:
        made = actions.record_run(session, prepared, web.now(), actor())
        if latest_check(session, round_id, made.tally_sha256) is None:
            jobs.append(start_job(session, "recount", web.now(), actor(), round_id).id)
        jobs.append(start_evidence(session, round_id, made.number, web.now(), actor()))
    for job_id in jobs:
        announce(web.installation().settings, job_id)
    flash(_("Scoring run %(number)s is recorded.", number=made.number), "good")
    return redirect(url_for("scoring.results", round_id=round_id), 303)


@blueprint.get("/console/rounds/<int:round_id>/results.xlsx")
@requires(Role.OFFICE)
def workbook(round_id: int) -> ResponseReturnValue:
    """Hand out the official table as a workbook."""
    return _download(round_id, "xlsx", build_workbook, XLSX)


@blueprint.get("/console/rounds/<int:round_id>/results.csv")
@requires(Role.OFFICE)
def table(round_id: int) -> ResponseReturnValue:
    """Hand out the official table as plain text."""
    return _download(round_id, "csv", build_csv, "text/csv; charset=utf-8")


def _download(
    round_id: int, kind: str, build: Callable[[RunView], bytes], mimetype: str
) -> ResponseReturnValue:
    """Return a run as a file; who took it is written down."""
    number = wanted_run()
    with web.transaction() as session:
        appraised = round_of(session, round_id)
        run = queries.run_view(session, round_id, number)
        details = f"#{run.number} · {kind}"
        audit.record(session, actor(), "results downloaded", web.now(), round_id, details)
    name = _("%(code)s-results-%(number)s", code=appraised.code, number=run.number)
    return send_file(
        io.BytesIO(build(run)), mimetype, as_attachment=True, download_name=f"{name}.{kind}"
    )


def wanted_run() -> int | None:
    """Return the run that the address asks for; none means the newest."""
    asked = request.args.get("run")
    if asked is None:
        return None
    if not (asked.isascii() and asked.isdigit() and len(asked) < 9):
        raise RunUnknown
    return int(asked)

"""The pages of the evidence: how sure the figures of a run are, for the round and for one unit."""

import csv
import io
import tempfile
from pathlib import Path

from flask import flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from analytics.faults import Fault, FileFault
from analytics.population_tables import read_population
from analytics.weighting.weights import Margin
from surveys import audit, web
from surveys.access import actor, requires
from surveys.jobs import living_job
from surveys.jobs.queue import announce
from surveys.long_tables import guarded_text
from surveys.models import Role
from surveys.refusals import (
    EvidenceMissing,
    FileEmpty,
    FileProblem,
    FileProblems,
    FileTooLarge,
    FormExpired,
    NotFound,
    Refusal,
)
from surveys.rounds import round_of
from surveys.scoring import evidence_chart, evidence_findings, evidence_words, queries, words
from surveys.scoring.evidence import EVIDENCE, evidence_job
from surveys.scoring.evidence_view import EvidenceView
from surveys.scoring.forms import EvidenceForm, PopulationForm
from surveys.scoring.population import keep_population, variables_of
from surveys.scoring.routes import blueprint, wanted_run
from surveys.scoring.run import RunView
from surveys.spreadsheet import shown_name

__all__ = ["blueprint"]  # which these pages are part of

POPULATION_BYTES_MAX = 256 * 1024


@blueprint.get("/console/rounds/<int:round_id>/evidence")
@requires(Role.OFFICE)
def evidence(round_id: int) -> ResponseReturnValue:
    """Show what statistics say of a run, or what is missing for it."""
    return _page(round_id)


@blueprint.post("/console/rounds/<int:round_id>/evidence")
@requires(Role.OFFICE)
def work_out(round_id: int) -> ResponseReturnValue:
    """Have the evidence of a run worked out behind the server."""
    if not EvidenceForm().validate_on_submit():
        raise FormExpired
    number = wanted_run()
    with web.reading() as session:
        run = queries.run_view(session, round_id, number)
    with web.transaction() as session:
        job_id = evidence_job(session, round_id, run.number, web.now(), actor())
    if job_id is not None:
        announce(web.installation().settings, job_id)
    return redirect(url_for("scoring.evidence", round_id=round_id, run=number), 303)


@blueprint.get("/console/rounds/<int:round_id>/evidence/<unit_code>")
@requires(Role.OFFICE)
def unit_evidence(round_id: int, unit_code: str) -> ResponseReturnValue:
    """Show what statistics say of one unit."""
    with web.reading() as session:
        appraised = round_of(session, round_id)
        run = queries.run_view(session, round_id, wanted_run())
        view = _view(session, round_id, run)
    figures = run.unit(unit_code)
    if figures is None:
        raise NotFound
    return render_template(
        "scoring/unit_evidence.html",
        round=appraised,
        run=run,
        view=view,
        unit=view.unit(unit_code),
        figures=figures,
        words_of=words,
        spoken=evidence_words,
        charts=evidence_chart,
        findings=evidence_findings,
    )


@blueprint.get("/console/rounds/<int:round_id>/evidence.csv")
@requires(Role.OFFICE)
def doubted_ballots(round_id: int) -> ResponseReturnValue:
    """Hand out the ballots that two sources of evidence speak against; who took them is noted."""
    with web.transaction() as session:
        appraised = round_of(session, round_id)
        run = queries.run_view(session, round_id, wanted_run())
        view = _view(session, round_id, run)
        details = f"#{run.number} · {len(view.found.quality.listed)}"
        audit.record(session, actor(), "doubted ballots taken", web.now(), round_id, details)
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(["ballot", "group", "reasons"])
    for one in view.found.quality.listed:
        lines.writerow([guarded_text(one.ballot), one.group, " ".join(one.reasons)])
    name = _("%(code)s-doubted-ballots-%(number)s", code=appraised.code, number=run.number)
    content = io.BytesIO(("\ufeff" + text.getvalue()).encode())
    return send_file(content, "text/csv", as_attachment=True, download_name=f"{name}.csv")


@blueprint.post("/console/rounds/<int:round_id>/evidence/population")
@requires(Role.OFFICE)
def population(round_id: int) -> ResponseReturnValue:
    """Take in the table of the population, which counts from the next run on."""
    form = PopulationForm()
    if not form.validate_on_submit():
        raise FormExpired
    sent = form.file.data
    try:
        if not sent or not sent.filename:
            raise FileEmpty(file="")
        name = shown_name(sent.filename)
        content = sent.read(POPULATION_BYTES_MAX + 1)
        if len(content) > POPULATION_BYTES_MAX:
            raise FileTooLarge(file=name)
        with web.transaction() as session:
            margins = _margins(content, name)
            keep_population(session, round_id, margins, name, web.now(), actor())
    except Fault as fault:
        return _page(round_id, _problems(fault)), FileProblems.status
    except Refusal as refusal:
        return _page(round_id, refusal), refusal.status
    flash(_("The population table is saved. It counts from the next scoring run on."), "good")
    return redirect(url_for("scoring.evidence", round_id=round_id), 303)


def _page(round_id: int, refusal: Refusal | None = None) -> str:
    number = wanted_run()
    with web.reading() as session:
        appraised = round_of(session, round_id)
        has_runs = bool(queries.run_numbers(session, round_id))
        run = queries.run_view(session, round_id, number) if has_runs else None
        view = None if run is None else queries.evidence_view(session, round_id, run)
        people = queries.population_of(session, round_id)
        variables = variables_of(session, round_id)
        living = living_job(session, round_id, EVIDENCE.name)
    return render_template(
        "scoring/evidence.html",
        round=appraised,
        run=run,
        view=view,
        people=people,
        variables=variables,
        is_living=living is not None,
        form=EvidenceForm(formdata=None),
        population_form=PopulationForm(formdata=None),
        refusal=web.say(refusal) if refusal else None,
        problems=[
            web.say_problem(one)
            for one in (refusal.problems if isinstance(refusal, FileProblems) else ())
        ],
        words_of=words,
        spoken=evidence_words,
        charts=evidence_chart,
        findings=evidence_findings,
    )


def _view(session: Session, round_id: int, run: RunView) -> EvidenceView:
    found = queries.evidence_view(session, round_id, run)
    if found is None:
        raise EvidenceMissing
    return found


def _margins(content: bytes, name: str) -> tuple[Margin, ...]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return read_population(path)


def _problems(fault: Fault) -> FileProblems:
    return FileProblems(tuple(_problem(one) for one in fault.faults))


def _problem(fault: Fault) -> FileProblem:
    values = tuple(fault.values.items())
    if isinstance(fault, FileFault):
        return FileProblem(fault.file, fault.row, fault.column, fault.message, values)
    return FileProblem(fault.place, None, None, fault.message, values)

"""What a job came to, as a sentence for each kind."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from analytics.faults import N_
from surveys.jobs.saying import arguments_of, result_of
from surveys.models import Job, JobState

Result = Mapping[str, Any]

FORMS = {"xlsx": N_("workbook"), "csv": N_("CSV files"), "ratings": N_("counted ratings")}


def outcome_of(job: Job) -> str:
    """Return what a job came to, or an empty text while nothing is known."""
    result = result_of(job)
    if job.state is JobState.DONE and job.kind in SENTENCES:
        return SENTENCES[job.kind](result, arguments_of(job))
    if job.state in {JobState.FAILED, JobState.CANCELLED} and "stored" in result:
        return str(
            _(
                "%(done)s of %(total)s ballots had been stored by then. The same file again stores"
                " only the others.",
                done=_number(result["stored"]["done"]),
                total=_number(result["ballots"]),
            )
        )
    return ""


def subject_of(job: Job) -> str:
    """Return what a job is about: the file of an import, the form of an export."""
    arguments = arguments_of(job)
    form = str(arguments.get("form") or "")
    said = _(FORMS[form]) if form in FORMS else form
    return str(arguments.get("file_name") or said)


def _exported(result: Result, _arguments: Result) -> str:
    count = result["ballots"]
    return str(
        ngettext(
            "%(count)s ballot is in the file.",
            "%(count)s ballots are in the file.",
            count,
            count=_number(count),
        )
    )


def _imported(result: Result, arguments: Result) -> str:
    new, before = sum(result["new"].values()), result["before"]
    if arguments.get("is_dry"):
        return str(_("The file has no faults. Nothing was saved: this was a trial."))
    return str(
        _(
            "%(new)s ballots were stored; %(before)s had been entered before.",
            new=_number(new),
            before=_number(before),
        )
    )


def _recounted(result: Result, _arguments: Result) -> str:
    if result["differences"]:
        return str(
            _(
                "The tally and the recount from the ballots differ in %(count)s places.",
                count=_number(result["differences"]),
            )
        )
    return str(
        _(
            "%(count)s ballots were counted again, and the tally agrees with them.",
            count=_number(result["ballots"]),
        )
    )


def _worked_out(result: Result, _arguments: Result) -> str:
    return str(
        _(
            "The evidence of scoring run %(run)s was worked out from %(count)s ballots.",
            run=result["run"],
            count=_number(result["ballots"]),
        )
    )


def _number(value: int) -> str:
    return f"{value:,}"


SENTENCES: Mapping[str, Callable[[Result, Result], str]] = {
    "evidence": _worked_out,
    "export": _exported,
    "import": _imported,
    "recount": _recounted,
}

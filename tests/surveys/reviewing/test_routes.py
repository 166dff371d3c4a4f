"""Ballots in from a file and out to one, as the office sees it: page, task, file."""

import io
import json

import openpyxl
import pytest
from sqlalchemy import select

from surveys.db import reading, transaction
from surveys.jobs import Runner
from surveys.jobs.files import folder_of
from surveys.models import AuditEntry, Ballot, Job, JobState, Round, RoundState
from tests.makers import NOW, make_round, make_submission
from tests.pages import form_fields, visible_text

ON_ONE_STORE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ROWS = "7,npc,U01,A,A,A,A,A\n7,npc,U02,B,B,B,B,B\n8,citizens,U01,E,E,,E,E\n"


@pytest.fixture
def store(app):
    return app.extensions["installation"].database


@pytest.fixture
def made(store):
    with transaction(store) as session:
        return make_round(session)


@pytest.fixture
def page(made):
    return f"/console/rounds/{made.round.id}/ballots"


@pytest.fixture
def runner(app, store):
    return Runner(app.extensions["installation"].settings, store)


def ratings_file(made, rows=ROWS):
    head = "ballot,group,unit," + ",".join(item.code for item in made.rules.items)
    return f"{head}\n{rows}".encode()


def send(office, page, form, **typed):
    fields = form_fields(office.get(page), f"{page}/{form}")
    return office.post(f"{page}/{form}", data=fields | typed)


def upload(office, page, content, name="纸质票.csv"):
    return send(
        office,
        page,
        "import",
        **{"entering-file": (io.BytesIO(content), name), "entering-channel": "paper"},
    )


def export(office, page, form="xlsx", scope="all"):
    return send(office, page, "export", **{"exporting-form": form, "exporting-scope": scope})


def jobs(store):
    with reading(store) as session:
        return session.scalars(select(Job).order_by(Job.id)).all()


def test_a_file_is_entered_once_and_its_page_says_what_was_stored(
    office, store, made, page, runner
):
    answer = upload(office, page, ratings_file(made))
    assert answer.status_code == 303
    waiting = visible_text(office.get(answer.location))
    assert "纸质票.csv" in waiting
    assert office.get(f"{answer.location}/progress.json").json["is_moving"]
    assert runner.run_next()
    assert not office.get(f"{answer.location}/progress.json").json["is_moving"]
    assert "2" in visible_text(office.get(answer.location))
    upload(office, page, ratings_file(made))
    runner.run_next()
    first, second = (json.loads(job.result) for job in jobs(store))
    assert (first["new"], first["before"], first["ratings"]) == ({"npc": 1, "citizens": 1}, 0, 3)
    assert (second["new"], second["before"]) == ({"npc": 0, "citizens": 0}, 2)
    with reading(store) as session:
        assert sorted(session.scalars(select(Ballot.ratings))) == ["01AAAAA02BBBBB", "01EE-EE"]
        acts = session.scalars(
            select(AuditEntry.details)
            .where(AuditEntry.action == "ballots imported")
            .order_by(AuditEntry.id)
        ).all()
    assert acts == ["纸质票.csv: 2", "纸质票.csv: 0"]


@ON_ONE_STORE
def test_every_fault_of_a_file_is_shown_with_its_row_and_nothing_is_saved(
    office, app, store, made, page, runner
):
    bad = ROWS + "9,kings,U01,A,A,A,A,A\n10,npc,U99,A,A,A,A,A\n11,npc,U01,A,A,Z,A,A\n"
    answer = upload(office, page, ratings_file(made, bad))
    runner.run_next()
    said = visible_text(office.get(answer.location))
    assert all(word in said for word in ("kings", "U99", "Z", "5", "6", "7"))
    with reading(store) as session:
        assert session.scalars(select(Ballot.id)).all() == []
    folder = folder_of(app.extensions["installation"].settings.var, jobs(store)[0].id)
    assert not folder.exists(), "paper ballots do not stay in a folder"


@ON_ONE_STORE
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("../../../etc/passwd", id="a way out of the folder"),
        pytest.param("\x1b[31m\x00.csv", id="signs for a terminal"),
        pytest.param("<img src=x>.csv", id="markup"),
        pytest.param("长" * 300 + ".csv", id="very long"),
        pytest.param("\u202ecsv.exe", id="marks of direction"),
    ],
)
def test_a_hostile_file_name_is_only_words(office, app, store, made, page, name):
    answer = upload(office, page, ratings_file(made), name)
    shown = office.get(answer.location)
    assert shown.status_code == 200
    assert "<img src=x" not in shown.text
    [job] = jobs(store)
    kept = json.loads(job.arguments)["file_name"]
    assert len(kept) <= 80
    assert not set(kept) & set("/\\\x1b\x00\u202e")
    folder = folder_of(app.extensions["installation"].settings.var, job.id)
    assert [path.name for path in folder.iterdir()] == ["upload"]


@ON_ONE_STORE
@pytest.mark.parametrize(
    ("state", "status"),
    [(RoundState.OPEN, 303), (RoundState.CLOSED, 303), (RoundState.SCORED, 409)],
)
def test_ballots_are_entered_only_while_they_can_count(
    office, app, store, made, page, state, status
):
    fields = form_fields(office.get(page), f"{page}/import")
    with transaction(store) as session:
        session.get_one(Round, made.round.id).state = state
    typed = {
        "entering-file": (io.BytesIO(ratings_file(made)), "a.csv"),
        "entering-channel": "paper",
    }
    assert office.post(f"{page}/import", data=fields | typed).status_code == status
    folder = app.extensions["installation"].settings.var / "jobs"
    assert not list(folder.glob("*.part")), "nothing is left over"


@ON_ONE_STORE
def test_no_file_is_said_in_words(office, made, page):
    assert upload(office, page, b"", "").status_code == 422


def test_an_export_is_made_and_downloaded_by_who_may(
    office, client, app, store, made, page, runner
):
    app.extensions["installation"].intake.keep(make_submission(made))
    with transaction(store) as session:
        session.get_one(Round, made.round.id).state = RoundState.CLOSED
    answer = export(office, page)
    assert office.get(f"{answer.location}/file").status_code == 404, "not made yet"
    runner.run_next()
    shown = visible_text(office.get(answer.location))
    assert "1" in shown
    with office.get(f"{answer.location}/file") as file:
        assert file.status_code == 200
        assert "attachment; filename=2026-ballots.xlsx" in file.headers["Content-Disposition"]
        book = openpyxl.load_workbook(io.BytesIO(file.data))
    assert [cell.value for cell in book.worksheets[0][2]][:1] == ["s" * 22]
    assert client.get(f"{answer.location}/file").status_code == 302, "others must sign in"
    with transaction(store) as session:
        other = make_round(session, code="2027")
    foreign = answer.location.replace(f"/{made.round.id}/jobs", f"/{other.round.id}/jobs")
    for address in (foreign, f"{foreign}/file", f"{foreign}/progress.json"):
        assert office.get(address).status_code == 404, "of another round"
    with reading(store) as session:
        acts = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert acts[-2:] == ["ballots exported", "ballots downloaded"]


@ON_ONE_STORE
def test_ballots_of_codes_are_not_exported_before_the_round_closes(office, store, made, page):
    early = export(office, page)
    assert early.status_code == 409
    assert '<option selected value="open">' in office.get(page).text
    assert jobs(store) == []
    assert export(office, page, scope="open").status_code == 303


@ON_ONE_STORE
def test_a_waiting_task_is_called_off_once(office, store, made, page, runner):
    answer = export(office, page, scope="open")
    cancel = f"{answer.location}/cancel"
    fields = form_fields(office.get(answer.location), cancel)
    assert office.post(cancel, data=fields).status_code == 303
    assert office.post(cancel, data=fields).status_code == 409
    assert jobs(store)[0].state is JobState.CANCELLED
    assert not runner.run_next()
    assert visible_text(office.get(answer.location.rsplit("/", 1)[0]))


@ON_ONE_STORE
def test_the_empty_file_has_the_columns_that_an_import_reads(office, made, page):
    sent = office.get(f"{page}/template.csv")
    assert sent.data.startswith(b"\xef\xbb\xbfballot,group,unit,")
    assert sent.data.decode("utf-8-sig").strip().split(",")[3:] == [
        item.code for item in made.rules.items
    ]


@ON_ONE_STORE
def test_an_import_that_was_called_off_half_way_says_what_is_stored(office, store, made, page):
    upload(office, page, ratings_file(made))
    with transaction(store) as session:
        job = session.scalars(select(Job)).one()
        job.state, job.finished_at = JobState.CANCELLED, NOW
        job.result = json.dumps({"ballots": 2000, "stored": {"done": 1500}})
    said = visible_text(office.get(f"/console/rounds/{made.round.id}/jobs/{job.id}"))
    assert "1,500" in said
    assert "2,000" in said

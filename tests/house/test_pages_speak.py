"""Every page speaks one language: no word on it, seen or heard, is left in another one.

Rounds in each state, with everything that may hang on them, are walked through page by page. A
phone's own answers are in tests/surveys/answering/test_languages.py.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import jinja2
import openpyxl
import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.routing import AnyConverter
from werkzeug.test import encode_multipart

from surveys import web
from surveys.accounts import actions as accounts
from surveys.jobs import start_job
from surveys.manner import LANGUAGES, LOCALES
from surveys.models import JobState, Population, Role, RoundState
from surveys.questionnaire import Kind, Question
from surveys.uploads import keep_upload
from tests import makers
from tests.pages import form_fields
from tests.surveys.scoring import made_evidence
from tests.surveys.scoring.scored import add_work, make_closed_round, score_round, verify
from tests.tongues import strange

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
each_language = pytest.mark.parametrize("code", LOCALES)

# Typed by somebody at the office once and for every language: who and which file is shown as it
# was typed; what else has no English field is at least written in the reader's script.
NAME, OTHER, FILE = "王小明", "李小明", "2026.xlsx"
AS_TYPED = (NAME, OTHER, FILE, "绩效办", "得分.xlsx")
NOTES = ("门口海报", "负责发展规划。", "获国家级表彰", "=发生重大责任事故", "有关规定")
IN_THE_FILE = ("工作考评", "单位代码", "单位名称", *(f"市第{number}局" for number in range(1, 7)))
# Codes of the made rounds and of their units, digests, addresses, figures of the derivation.
CODES = (
    r"(?<![A-Za-z0-9])(?:U\d\d|(?:FUNC|LAW)(?:-1)?|20\d\d[a-z]*|[0-9a-f]{8,64}|https?://\S+"
    r"|[A-Z]|M′)(?![A-Za-z0-9])"
)
PAGE = """{% extends "phone.html" %}{% block main %}
<h1>1</h1><form action="/">HERE</form>
{% endblock %}"""
CONDITIONAL = Question(
    "reason", Kind.TEXT, "为什么?", "Why?", "一句话即可", "One will do", shown_if=("role", "firm")
)


@dataclass
class World:
    """Rounds in several states, what fills the addresses of their pages, and who looks."""

    rounds: dict[str, makers.Made]
    office: object
    known: list[dict[str, object]] = field(default_factory=list)


@pytest.fixture
def world(app, settings):
    store = app.extensions["installation"].database
    with app.app_context(), web.transaction() as session:
        rounds = {
            "open": makers.make_round(session, questions=(*makers.QUESTIONS, CONDITIONAL)),
            "rehearsal": makers.make_round(
                session,
                state=RoundState.REHEARSAL,
                code="2027",
                rehearsed_at=makers.NOW,
                opens_at=makers.NOW,
                closes_at=makers.NOW + timedelta(days=30),
                is_demonstration=True,
            ),
            "draft": makers.make_round(session, state=RoundState.DRAFT, code="2028", tokens=0),
            "closed": make_closed_round(session, code="2024"),
            "scored": make_closed_round(session, code="2025"),
        }
        rounds["open"].units[0].duties = NOTES[1]
        for link in rounds["open"].links.values():
            link.label = NOTES[0]
        score_round(session, rounds["scored"])
        add_work(session, rounds["scored"])
        add_work(session, rounds["closed"])
        jobs = _jobs(session, rounds["open"].round.id)
        secret = accounts.add_account(session, OTHER, Role.OFFICE, web.now())
    verify(store, rounds["scored"])
    with app.app_context(), web.transaction() as session:
        score_round(session, rounds["scored"])
        _show_evidence(session, rounds["scored"])
    made = World(rounds, app.test_client())
    makers.sign_in(app, made.office, NAME)
    for one in rounds.values():
        made.known.append({"round_id": one.round.id})
    of_open, of_scored = rounds["open"].round.id, rounds["scored"].round.id
    links = rounds["open"].links.values()
    made.known += [{"round_id": of_open, "link_id": link.id} for link in links]
    made.known += [{"code": rounds["open"].links[name].code} for name in rounds["open"].links]
    made.known += [{"round_id": of_open, "job_id": job} for job in jobs]
    made.known += [
        {"round_id": of_scored, "unit_code": unit.code} for unit in rounds["scored"].units
    ]
    made.known += [{"secret": secret}, *_uploads(made, settings)]
    return made


def _show_evidence(session, made: makers.Made) -> None:
    """Keep the evidence of the newest run with every branch, and a table of the population."""
    made_evidence.keep(session, made.round.id, made_evidence.made_evidence(made.rules))
    session.add(Population(round_id=made.round.id, variable="role", level="firm", people=700))


def _jobs(session, round_id: int) -> list[int]:
    """Make one job of each kind, with what the pages say of it."""
    faults = [{"row": 3, "column": None, "message": "the cell is empty", "values": {}}]
    kinds = {
        "import": (JobState.FAILED, {"faults": faults, "stored": {"done": 1}, "ballots": 2}),
        "export": (JobState.DONE, {"ballots": 2}),
        "evidence": (JobState.DONE, {"run": 1, "ballots": 2}),
        "recount": (JobState.RUNNING, {}),
    }
    made = []
    for kind, (state, result) in kinds.items():
        form = {"form": "xlsx"} if kind == "export" else {}
        job = start_job(session, kind, makers.NOW, NAME, round_id, form)
        job.state, job.result = state, json.dumps(result)
        if state is JobState.FAILED:
            message = "No score was computed. Run flask tally verify to see where."
            job.problem = json.dumps({"message": message, "advice": "", "values": {}})
        session.flush()
        made.append(job.id)
    return made


def _uploads(made: World, settings) -> Iterator[dict[str, object]]:
    """Yield the previews of a round's workbook and of one with work scores."""
    scored = made.rounds["scored"].round.id
    for path, more in (
        (f"/console/rounds/{scored}/plan.xlsx", {}),
        (f"/console/rounds/{scored}/work/template.xlsx", {"round_id": scored}),
    ):
        content = made.office.get(path, query_string={"lang": "zh-TW"}).data
        yield {"upload_id": keep_upload(settings.var, 2, content, FILE, web.now()), **more}


def pages(app, world: World) -> dict[str, str]:
    """Return the address of every page that there is to get."""
    found = {}
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            for values in _fillings(rule, world.known) if "GET" in (rule.methods or ()) else ():
                address = rule.build(values, append_unknown=False)[1]
                found[address] = rule.endpoint
    return found


def _fillings(rule, known: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    parts = rule._converters.items()
    choices = {name: it.items for name, it in parts if isinstance(it, AnyConverter)}
    wanted = set(rule.arguments) - choices.keys()
    for values in [{}, *known]:
        if values.keys() == wanted:
            for name, options in choices.items():
                yield from ({**values, name: option} for option in options)
            if not choices:
                yield values


def amiss(answers: dict[str, object], code: str) -> dict[str, object]:
    """Return the pages that hold words of another language than the one that was asked for."""
    typed = (*AS_TYPED, *(NOTES if code == "en" else ()))
    language = LANGUAGES[LOCALES[code]]
    found = {name: strange(answer, language, typed, CODES) for name, answer in answers.items()}
    return {name: texts for name, texts in found.items() if texts}


@each_language
def test_every_page_speaks_its_language(app, world, code):
    answers, shown = {}, set()
    for address, endpoint in pages(app, world).items():
        answer = world.office.get(address, query_string={"lang": code})
        assert answer.status_code < 500, address
        shown |= {endpoint} if answer.status_code == 200 else set()
        if answer.mimetype == "text/html":
            answers[address] = answer
    assert amiss(answers, code) == {}
    there = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    # Development only; addresses of files; there is no file behind the job that is done.
    assert there - shown == {"accounts.styleguide", "static", "assets.joined", "working.file"}


@each_language
def test_every_refusal_of_the_console_speaks_its_language(app, client, world, code):
    """What a form answers when it is empty, stale or impossible."""
    open_, scored = (world.rounds[name].round.id for name in ("open", "scored"))
    tries = {
        "/console/rounds/import": {},
        f"/console/rounds/{open_}/work": {},
        f"/console/rounds/{open_}/links/codes": {},
        f"/console/rounds/{open_}/links/open": {},
        f"/console/rounds/{open_}/ballots/import": {},
        f"/console/rounds/{scored}/close": {},
        f"/console/rounds/{open_}/publish": {},
        f"/console/rounds/{scored}/evidence/population": {},
    }
    query = {"lang": code}
    token = form_fields(world.office.get("/console/rounds/import"))["csrf_token"]
    answers = {
        "stale": world.office.post("/console/rounds/import", query_string=query),
        "unknown": world.office.get("/console/rounds/999", query_string=query),
        "nowhere": world.office.get("/console/nowhere", query_string=query),
    }
    for address, fields in tries.items():
        sent = {**fields, "csrf_token": token}
        answers[address] = world.office.post(address, data=sent, query_string=query)
    page = form_fields(client.get("/console/sign-in"))
    for name, fields in (("empty", {}), ("wrong", {"name": NAME, "password": "x" * 20})):
        sent = {**page, **fields}
        answers[name] = client.post("/console/sign-in", data=sent, query_string=query)
    assert {name: it.status_code for name, it in answers.items() if it.status_code < 400} == {}
    assert amiss(answers, code) == {}


@each_language
def test_a_workbook_with_faults_is_told_in_the_language(world, code):
    page = f"/console/rounds/{world.rounds['open'].round.id}/work"
    query = {"lang": code}
    book = openpyxl.load_workbook(
        io.BytesIO(world.office.get(f"{page}/template.xlsx", query_string=query).data)
    )
    for place, value in {"A6": "U99", "D7": "41", "E7": -1, "B8": "?", "D9": 99}.items():
        book.worksheets[0][place] = value
    stream = io.BytesIO()
    book.save(stream)
    sent = {
        **form_fields(world.office.get(page), page),
        "file": FileStorage(io.BytesIO(stream.getvalue()), FILE),
    }
    boundary, body = encode_multipart(sent)
    kind = f"multipart/form-data; boundary={boundary}"
    answer = world.office.post(page, data=body, content_type=kind, query_string=query)
    assert answer.status_code == 422
    # What stands in the file is named as it stands there.
    left = strange(answer, LANGUAGES[LOCALES[code]], [*AS_TYPED, *IN_THE_FILE], CODES)
    assert left == {}


@each_language
def test_the_page_of_a_fault_of_ours_speaks_its_language(app, client, code):
    @app.get("/broken")
    def broken():
        raise RuntimeError

    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = client.get("/broken", query_string={"lang": code})
    assert answer.status_code == 500
    assert amiss({"/broken": answer}, code) == {}


@pytest.mark.parametrize(
    ("code", "template", "left"),
    [
        pytest.param("zh", "<p>Hello</p>", ["Hello"], id="a bare word"),
        pytest.param("zh-TW", '<p title="Hello">你好</p>', ["Hello"], id="a title"),
        pytest.param("zh", '<p data-words="Sent">好</p>', ["Sent"], id="what a script shows"),
        pytest.param("zh", '<input type="submit" value="Send">', ["Send"], id="a button"),
        pytest.param("en", '<img alt="图">', ["图"], id="a picture"),
        pytest.param("zh-TW", "<p>评</p>", ["评", "评"], id="a simplified sign"),
        pytest.param("en", '<p lang="zh-TW">繁體</p>', [], id="marked as another language"),
        pytest.param("zh", '<p data-count="groups/npc"><code>unit</code>好</p>', [], id="no words"),
    ],
)
def test_a_word_of_another_language_is_seen(app, world, code, template, left):
    changed = jinja2.DictLoader({"answering/start.html": PAGE.replace("HERE", template)})
    app.jinja_env.loader = jinja2.ChoiceLoader([changed, app.jinja_loader])
    answer = world.office.get("/", query_string={"lang": code})
    found = amiss({"/": answer}, code).get("/", {})
    assert [sign for signs in found.values() for sign in signs] == left

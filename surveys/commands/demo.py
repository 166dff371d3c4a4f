"""`flask demo`: a city's round taken through the whole main job, and one left open for trying."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import chain
from pathlib import Path

import click
import numpy as np
from flask.cli import with_appcontext
from flask_babel import gettext
from sqlalchemy import select

from surveys import web
from surveys.accounts.actions import add_account, setup_url
from surveys.answering.memory import Memory
from surveys.answering.queries import phone_link
from surveys.assessing.actions import keep_work
from surveys.assessing.queries import work_plan
from surveys.assessing.reading import read_work
from surveys.assessing.scores import SheetAdjustment, UnitScores, WorkPlan, WorkScores
from surveys.assessing.template import build_work_workbook
from surveys.ballots import Outcome
from surveys.commands import SayingCommand
from surveys.commands.crowd import Crowd, Entrance
from surveys.fielding import actions as fielding
from surveys.fielding.queries import link_url
from surveys.models import Account, Group, Link, Role, Round, Unit
from surveys.planning import actions as planning
from surveys.planning.demonstration import demonstration_plan
from surveys.planning.reading import read_round
from surveys.planning.workbook import build_round_workbook
from surveys.questionnaire import Channel, Submission
from surveys.recount import one_moment, recount
from surveys.rounds import rule_set
from surveys.scoring import actions as scoring
from surveys.scoring.evidence import evidence_document, evidence_inputs, record_evidence
from surveys.scoring.queries import run_view
from surveys.scoring.workbook import build_workbook
from surveys.spreadsheet import read_workbook
from surveys.tallies import record_check
from surveys.tokens import token_digest

ACTOR = "演示"
OFFICE = "绩效办"
SEED = 20261122
WINDOW_UNIT = "U44"
THREADS = 64
OWN_UNIT = "U14"
# How many codes the two secret groups are given; how many people of each entrance answer.
DEPUTIES, MEMBERS, OWN_UNIT_MEMBERS = 240, 188, 12
PEOPLE = {
    "citizens": 2200,
    "window": 320,
    "enterprises": 760,
    "npc": 205,
    "cppcc": 156,
    "cppcc-own": 11,
}
THE_YEAR_BEFORE = {**dict.fromkeys(PEOPLE, 40), "citizens": 700, "enterprises": 200, "cppcc-own": 5}
DRIFT = 0.15  # of a unit from year to year, where units differ by .45
TOKENS_TO_TRY = 5


@dataclass(frozen=True)
class Door:
    """A link of the demonstration, with the tokens that it gave out."""

    link: Link
    tokens: tuple[str, ...] = ()


@click.command("demo", cls=SayingCommand)
@with_appcontext
def demo() -> None:
    """Build the demonstration rounds when there is no data, and print what to open."""
    prepare(web.installation().settings.base_url)


def prepare(base_url: str) -> None:
    """Build the demonstration when there is no round yet; print what to open."""
    with web.reading() as session:
        is_empty = session.scalars(select(Round.id).limit(1)).first() is None
    if is_empty:
        _earlier_round()
        _finished_round()
        _open_round()
    _print_what_to_open(base_url)


# --- the round that is taken through everything --------------------------------------------------


def _earlier_round() -> None:
    """Let the year before have had an appraisal too, so that there is something to compare with."""
    plan = demonstration_plan(
        "demo-2024", "2024年度市级机关社会评议", "Appraisal of the city's departments 2024"
    )
    round_id = _import(build_round_workbook(plan), _folder() / "round-earlier.xlsx")
    doors = _doors(round_id, *(THE_YEAR_BEFORE[name] for name in ("npc", "cppcc", "cppcc-own")))
    _appraised(round_id, doors, THE_YEAR_BEFORE, DRIFT)
    _scored(round_id)


def _finished_round() -> None:
    """Import, open, ballots through the real intake, close, 70 points, score, official workbook."""
    folder = _folder()
    plan = demonstration_plan(
        "demo-2025", "2025年度市级机关社会评议", "Appraisal of the city's departments 2025"
    )
    round_id = _import(build_round_workbook(plan), folder / "round.xlsx")
    doors = _doors(round_id, DEPUTIES, MEMBERS, OWN_UNIT_MEMBERS)
    outcomes = _appraised(round_id, doors, PEOPLE)
    _work(round_id, folder / "work.xlsx")
    run = _scored(round_id)
    _explained(round_id, run)
    official = folder / "official.xlsx"
    with web.reading() as session:
        official.write_bytes(build_workbook(run_view(session, round_id)))
    kept, again = outcomes[Outcome.KEPT], outcomes[Outcome.DUPLICATE]
    click.echo(
        gettext(
            "%(kept)s ballots were counted, %(again)s came from a browser that had answered before."
            " Run %(run)s: %(path)s",
            kept=kept,
            again=again,
            run=run,
            path=_shown(official),
        )
    )


def _open_round() -> None:
    """Leave a second round open, and remember its links and some codes for trying."""
    plan = demonstration_plan(
        "demo-2026",
        "2026年度市级机关社会评议",
        "Appraisal of the city's departments 2026",
        results_on=date(2027, 1, 31),
    )
    round_id = _import(build_round_workbook(plan), _folder() / "round-open.xlsx")
    doors = _doors(round_id, TOKENS_TO_TRY, TOKENS_TO_TRY, TOKENS_TO_TRY)
    with web.transaction() as session:
        planning.open_round(session, round_id, web.now(), ACTOR)
    written = {
        name: {"code": door.link.code, "tokens": door.tokens} for name, door in doors.items()
    }
    path = _folder() / "links.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(written, ensure_ascii=False, indent=1), encoding="utf-8")


def _import(content: bytes, path: Path) -> int:
    """Import a round the way a user does: from a workbook file."""
    path.write_bytes(content)
    plan = read_round(read_workbook(path.read_bytes(), path.name))
    with web.transaction() as session:
        return planning.import_round(session, plan, web.now(), ACTOR).id


def _doors(round_id: int, deputies: int, members: int, own: int) -> dict[str, Door]:
    """Make the entrances: two open links, a window, a batch of codes for each secret group."""
    with web.transaction() as session:
        groups = dict(
            session.execute(select(Group.code, Group.id).where(Group.round_id == round_id)).all()
        )
        units = dict(
            session.execute(select(Unit.code, Unit.id).where(Unit.round_id == round_id)).all()
        )
        link = partial(fielding.make_link, session, round_id, now=web.now(), actor=ACTOR)
        batch = partial(fielding.make_batch, session, round_id, now=web.now(), actor=ACTOR)
        return {
            "citizens": Door(link(groups["citizens"], Channel.OPEN, label="群众评议")),
            "window": Door(
                link(
                    groups["citizens"], Channel.WINDOW, unit_id=units[WINDOW_UNIT], label="大厅窗口"
                )
            ),
            "enterprises": Door(link(groups["enterprises"], Channel.OPEN, label="企业评议")),
            "npc": Door(*batch(groups["npc"], deputies, label="人大代表")),
            "cppcc": Door(*batch(groups["cppcc"], members, label="政协委员")),
            "cppcc-own": Door(
                *batch(
                    groups["cppcc"],
                    own,
                    label="在市科协工作的委员",
                    excluded_unit_id=units[OWN_UNIT],
                )
            ),
        }


def _appraised(
    round_id: int, doors: dict[str, Door], people: Mapping[str, int], drift: float = 0.0
) -> Counter[Outcome]:
    """Open a round, let so many people of each entrance answer, and close it."""
    with web.transaction() as session:
        planning.open_round(session, round_id, web.now(), ACTOR)
    outcomes = _ballots(round_id, doors, people, drift)
    with web.transaction() as session:
        planning.close_round(session, round_id, web.now(), ACTOR)
    return outcomes


def _scored(round_id: int) -> int:
    """Count again, score, and return the number of the run."""
    counted = recount(web.installation().database, round_id)
    with web.reading() as session:
        prepared = scoring.prepare_run(session, round_id)
    with web.transaction() as session:
        record_check(session, round_id, counted.finding, web.now(), ACTOR)
        return scoring.record_run(session, prepared, web.now(), ACTOR).number


def _explained(round_id: int, run: int) -> None:
    """Work out what statistics say beside a run."""
    with one_moment(web.installation().database) as session:
        run_id, inputs = evidence_inputs(session, round_id, run)
    document = evidence_document(inputs)
    with web.transaction() as session:
        record_evidence(session, run_id, document, web.now(), ACTOR)


def _ballots(
    round_id: int, doors: dict[str, Door], people: Mapping[str, int], drift: float
) -> Counter[Outcome]:
    """Let the crowd answer through the intake that phones use."""
    with web.reading() as session:
        rules = rule_set(session, round_id)
        codes = select(Unit.number, Unit.code).where(Unit.round_id == round_id)
        crowd = Crowd(round_id, rules, dict(session.execute(codes).all()), SEED, drift)
        group_codes = dict(session.execute(select(Group.id, Group.code)).all())
        entrances = [
            Entrance(
                group_codes[door.link.group_id],
                door.link.group_id,
                door.link.id,
                door.link.channel,
                phone_link(session, door.link.code, Memory(1)).questionnaire,
                people[name],
                tuple(token_digest(token) for token in door.tokens),
            )
            for name, door in doors.items()
        ]
    first = [crowd.come(entrance) for entrance in entrances]
    again = map(crowd.come_again, entrances, first)
    # Everybody once before anybody twice: which of two ballots counts must not hang on a race.
    return Counter(_kept([*chain(*first)])) + Counter(_kept([*chain(*again)]))


def _kept(ballots: list[Submission]) -> Iterator[Outcome]:
    keep = web.installation().intake.keep
    label = gettext("ballots")
    with (
        ThreadPoolExecutor(THREADS) as phones,
        click.progressbar(phones.map(keep, ballots), length=len(ballots), label=label) as answers,
    ):
        yield from answers


def _work(round_id: int, path: Path) -> None:
    """Import the 70 points from a filled-in template, as the office does."""
    with web.reading() as session:
        plan = work_plan(session, round_id)
    path.write_bytes(build_work_workbook(replace(plan, in_force=_scores(plan))))
    content = path.read_bytes()
    scores = read_work(read_workbook(content, path.name), plan)
    with web.transaction() as session:
        keep_work(session, round_id, plan, scores, path.name, content, web.now(), ACTOR)


def _scores(plan: WorkPlan) -> WorkScores:
    rng = np.random.default_rng(SEED)
    units = []
    for unit in plan.units:
        level = rng.normal(0.945, 0.02)
        shares = np.clip(rng.normal(level, 0.02, len(plan.indicators)), 0.5, 1.0)
        units.append(
            UnitScores(
                unit.code,
                tuple(
                    (one.full_marks * Decimal(f"{share:.3f}")).quantize(Decimal("0.01"))
                    if not _is_spared(unit.code, one.code)
                    else None
                    for one, share in zip(plan.indicators, shares, strict=True)
                ),
            )
        )
    return WorkScores(
        tuple(units),
        (
            SheetAdjustment("U44", Decimal("1.5"), False, "“一件事一次办”获省级表彰"),
            SheetAdjustment("U51", Decimal("-0.5"), False, "被市级通报批评一次"),
            SheetAdjustment("U24", Decimal(0), True, "发生较大安全责任事故"),
        ),
    )


def _is_spared(unit: str, indicator: str) -> bool:
    """Tell whether an indicator does not apply: party organs enforce no law."""
    return indicator == "LAW-2" and unit <= "U18"


# --- what to open -------------------------------------------------------------------------------


def _print_what_to_open(base_url: str) -> None:
    lines: list[tuple[str, str]] = []
    path = _folder() / "links.json"
    if path.exists():
        lines.extend(_public_lines(base_url, json.loads(path.read_text(encoding="utf-8"))))
    lines.append((gettext("Console"), f"{base_url}/console/"))
    with web.transaction() as session:
        known = session.scalars(
            select(Account.id).where(Account.password_hash.is_not(None)).limit(1)
        ).first()
        if known is None:
            secret = add_account(session, OFFICE, Role.OFFICE, web.now())
            first = gettext("First sign-in to the console (works once)")
            lines.append((first, setup_url(base_url, secret)))
    click.echo()
    for words, address in lines:
        click.echo(f"  {words}\n    {address}")


def _public_lines(base_url: str, doors: dict[str, dict[str, object]]) -> Iterable[tuple[str, str]]:
    def address(name: str, token: str | None = None) -> str:
        return link_url(base_url, Link(code=str(doors[name]["code"])), token)

    yield gettext("Citizens' questionnaire"), address("citizens")
    yield gettext("Link at a unit's window"), address("window")
    yield gettext("Enterprises' questionnaire"), address("enterprises")
    tokens = doors["npc"]["tokens"]
    if isinstance(tokens, list):
        for number, token in enumerate(tokens[:2], start=1):
            yield (
                gettext("A deputy's one-time link (%(number)s)", number=number),
                address("npc", token),
            )


def _folder() -> Path:
    folder = web.installation().settings.var / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _shown(path: Path) -> str:
    """Return a path as short as it can be said from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


COMMANDS = (demo,)

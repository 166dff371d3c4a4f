"""What a phone may send: every trap of the bad-input catalogue, and what good input means."""

import pytest
from werkzeug.datastructures import MultiDict

from analytics.rules import preset
from surveys.answering.fields import fields_of
from surveys.answering.forms import ballot_form, clean_text
from surveys.answering.queries import Asked, OpenLink
from surveys.models import RoundState
from surveys.notice import Facts, Notice
from surveys.questionnaire import (
    AskedClass,
    AskedUnit,
    Channel,
    Choice,
    Kind,
    Question,
    Questionnaire,
    QuestionnaireText,
    UnitChoice,
    UnitRating,
    Validity,
)
from surveys.tokens import token_digest

ITEMS = ("duties", "law", "service", "efficiency", "overall")
QUESTIONS = (
    Question(
        "role",
        Kind.SINGLE,
        "身份?",
        choices=(Choice("person", "个人"), Choice("firm", "企业")),
        is_required=True,
    ),
    Question("staff", Kind.NUMBER, "人数?", lowest=1, highest=500, shown_if=("role", "firm")),
    Question(
        "ways", Kind.SEVERAL, "方式?", choices=(Choice("window", "窗口"), Choice("net", "网上"))
    ),
    Question("which", Kind.TEXT, "哪个网站?", max_chars=10, shown_if=("ways", "net")),
    Question(
        "coached",
        Kind.SINGLE,
        "有人教您怎么填吗?",
        choices=(Choice("no", "没有"), Choice("yes", "有", reason="coached")),
    ),
)
TEN_UNITS = 10


def link(choice=UnitChoice.CHOSEN, channel=Channel.OPEN, units=3, questions=QUESTIONS):
    rules = preset("default")
    asked = Questionnaire(
        QuestionnaireText("paper", "题目", choice, questions=questions),
        rules.items,
        rules.options,
        (
            AskedClass(
                "c1",
                "第一类",
                None,
                tuple(AskedUnit(n, f"U{n}", f"{n}局", None, None) for n in range(1, units + 1)),
            ),
        ),
        2,
    )
    return OpenLink(
        id=5,
        code="ABC",
        channel=channel,
        round_id=1,
        group_id=2,
        name="轮次",
        name_en=None,
        office="市绩效办",
        office_en=None,
        contact=None,
        notice=Notice(Facts("市绩效办", None, None, 24)),
        is_demonstration=False,
        is_active=True,
        state=RoundState.OPEN,
        opens_at=None,
        closes_at=None,
        results_on=None,
        leaves_own_unit_out=False,
        window_unit=None,
        asked=Asked(asked, rules, fields_of(asked), "v"),
    )


def rated(pattern="ABCDE", unit="01"):
    return [(f"{unit}.{item}", code) for item, code in zip(ITEMS, pattern, strict=True)]


GOOD = [*rated(), ("q.role", "person"), ("nonce", "n")]


def read(fields, **changes):
    return ballot_form(MultiDict(fields), link(**changes))


def without(name, fields=GOOD):
    return [pair for pair in fields if pair[0] != name]


def test_a_complete_ballot():
    form = read([*GOOD, ("01.comment", " 很好\r\n谢谢 "), ("q.ways", "net"), ("q.ways", "window")])
    assert form.is_complete
    submission = form.submission(link(), "s" * 22, 60, "key")
    assert submission.ratings == (UnitRating(1, "ABCDE"),)
    assert submission.comments == ((1, "很好\n谢谢"),)
    assert submission.answers == (("role", "person"), ("ways", ("net", "window")))
    assert (submission.validity, submission.reasons) == (Validity.COUNTED, ())
    assert (submission.round_id, submission.group_id, submission.link_id) == (1, 2, 5)
    assert (submission.seconds, submission.device_key, submission.token_digest) == (60, "key", None)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        pytest.param(without("01.law"), "01.law", id="an item left out"),
        pytest.param([("q.role", "person")], "units", id="nothing rated"),
        pytest.param([], "units", id="nothing at all"),
        pytest.param([*without("01.law"), ("01.law", "Z")], "01.law", id="an option of nobody"),
        pytest.param([*without("01.law"), ("01.law", "AA")], "01.law", id="two options in one"),
        pytest.param([*without("01.law"), ("01.law", "Ａ")], "01.law", id="a full-width option"),
        pytest.param([*without("01.law"), ("01.law", "\x00")], "01.law", id="NUL for an option"),
        pytest.param([*without("01.law"), ("01.law", "-")], "01.law", id="the sign for blank"),
        pytest.param([*GOOD, ("01.law", "B")], "01.law", id="one item twice"),
        pytest.param([*GOOD, ("nonce", "m")], "main", id="two nonces"),
        pytest.param([*GOOD, *rated(unit="04")], "main", id="a unit that is not asked about"),
        pytest.param([*GOOD, *rated(unit="1")], "main", id="a number of another width"),
        pytest.param([*GOOD, ("01.other", "A")], "main", id="an unknown item"),
        pytest.param([*GOOD, ("q.other", "A")], "main", id="an unknown question"),
        pytest.param([*GOOD, ("01.law[]", "A")], "main", id="an array"),
        pytest.param([*GOOD, ("validity", "counted")], "main", id="a column of the table"),
        pytest.param([*GOOD, ("token", "X")], "main", id="a token where none is asked"),
        pytest.param([*GOOD, ("partial", "1")], "main", id="abstaining where units are chosen"),
        pytest.param([*GOOD, ("\x00", "\ud800")], "main", id="a name that cannot be written"),
        pytest.param([*GOOD, ("01.comment", "字" * 501)], "01.comment", id="a comment too long"),
        pytest.param(without("q.role"), "q.role", id="a required answer missing"),
        pytest.param([*without("q.role"), ("q.role", " ")], "q.role", id="a required answer blank"),
        pytest.param([*without("q.role"), ("q.role", "net")], "q.role", id="of another question"),
        pytest.param([*GOOD, ("q.role", "firm")], "q.role", id="a single answer twice"),
        pytest.param([*GOOD, ("q.ways", "person")], "q.ways", id="several: of another question"),
        pytest.param(
            [*GOOD, ("q.ways", "net"), ("q.ways", "net")], "q.ways", id="several: one choice twice"
        ),
        pytest.param(
            [*GOOD, ("q.ways", "net"), ("q.which", "字" * 11)], "q.which", id="a text too long"
        ),
    ],
)
def test_what_is_refused_says_where(fields, place):
    form = read(fields)
    assert not form.is_complete
    assert place in [problem.place for problem in form.problems]


@pytest.mark.parametrize(
    "typed",
    [
        "0", "501", "-1", "1.5", "1e2", "1_000", "１２", "٣", "²", "①", "nan", "inf", "1e309",
        "0x1", "+5", "5 0", "五", "9" * 400, "--1", "1,000",
    ],
)  # fmt: skip
def test_what_is_no_number_from_1_to_500(typed):
    fields = [*without("q.role"), ("q.role", "firm"), ("q.staff", typed)]
    form = read(fields)
    assert [problem.place for problem in form.problems] == ["q.staff"]
    assert "staff" not in dict(form.answers)


@pytest.mark.parametrize(("typed", "meant"), [("1", 1), (" 500 ", 500), ("007", 7)])
def test_numbers(typed, meant):
    form = read([*without("q.role"), ("q.role", "firm"), ("q.staff", typed)])
    assert form.is_complete
    assert dict(form.answers)["staff"] == meant


@pytest.mark.parametrize(
    ("fields", "answers"),
    [
        pytest.param(
            [*GOOD, ("q.staff", "not asked")], {"role": "person"}, id="hidden by a single choice"
        ),
        pytest.param(
            [*GOOD, ("q.ways", "window"), ("q.which", "x" * 99)],
            {"role": "person", "ways": ("window",)},
            id="hidden by several choices",
        ),
        pytest.param(
            [*GOOD, ("q.ways", "window"), ("q.ways", "net"), ("q.which", "政务网")],
            {"role": "person", "ways": ("window", "net"), "which": "政务网"},
            id="shown by one of several",
        ),
    ],
)
def test_answers_to_hidden_questions_are_not_taken(fields, answers):
    form = read(fields)
    assert form.is_complete
    assert dict(form.answers) == answers


@pytest.mark.parametrize(
    ("fields", "ratings"),
    [
        pytest.param([("02.unknown", "1")], [UnitRating(2, "NNNNN")], id="a whole unit unknown"),
        pytest.param(
            [("02.unknown", "1"), ("02.law", "B")],
            [UnitRating(2, "NBNNN")],
            id="unknown fills only what is unanswered",
        ),
        pytest.param(
            [*rated("AAAAA", "03"), *rated("EDCBA", "01")],
            [UnitRating(1, "EDCBA"), UnitRating(3, "AAAAA")],
            id="several units, in their order",
        ),
        pytest.param(
            [*rated(), ("02.comment", "只说一句")], [UnitRating(1, "ABCDE")], id="a comment alone"
        ),
    ],
)
def test_ratings(fields, ratings):
    form = read([*fields, ("q.role", "person")])
    assert form.is_complete
    assert list(form.ratings) == ratings


def test_a_comment_may_stand_without_a_rating():
    form = read([*GOOD, ("02.comment", "只说一句")])
    assert form.comments == ((2, "只说一句"),)


def everything(fields, **changes):
    return read(fields, choice=UnitChoice.ALL, channel=Channel.TOKEN, questions=(), **changes)


TOKEN = ("token", "0123-4567-89AB-CDEF-GHJK-MNPQ-RS")


def test_a_deputy_is_told_which_units_are_left():
    form = everything([TOKEN, *rated(unit="02")])
    assert not form.is_complete
    assert [unit.number for unit in form.left_out] == [1, 3]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([TOKEN, *rated(), ("partial", "1")], id="abstaining on the rest"),
        pytest.param(
            [TOKEN, *rated(), ("02.unknown", "1"), ("03.unknown", "1")], id="each unit touched"
        ),
    ],
)
def test_a_deputys_ballot_is_complete(fields):
    assert everything(fields).is_complete


def test_abstaining_on_everything_is_no_ballot():
    form = everything([TOKEN, ("partial", "1")])
    assert [problem.place for problem in form.problems] == ["units"]


@pytest.mark.parametrize(
    "token", [pytest.param([], id="absent"), pytest.param([("token", " - ")], id="only gaps")]
)
def test_without_a_token_nothing_is_handed_in(token):
    form = everything([*token, *rated(), ("partial", "1")])
    assert [problem.place for problem in form.problems] == ["token"]


def test_a_secret_ballot_keeps_neither_time_nor_device():
    form = everything([TOKEN, *rated(), ("partial", "1")])
    submission = form.submission(link(UnitChoice.ALL, Channel.TOKEN), "s" * 22, 1, "device")
    assert (submission.seconds, submission.device_key, submission.reasons) == (None, None, ())
    assert submission.token_digest == token_digest(TOKEN[1])


@pytest.mark.parametrize(
    ("more", "seconds", "device", "reasons"),
    [
        pytest.param([], 60, "key", (), id="nothing suspicious"),
        pytest.param([], 60, None, ("no_device",), id="no cookie"),
        pytest.param([], 2, "key", ("speed",), id="five answers in two seconds"),
        pytest.param([("q.coached", "yes")], 60, "key", ("coached",), id="somebody told them"),
        pytest.param([("q.coached", "no")], 60, "key", (), id="nobody told them"),
    ],
)
def test_doubts_go_with_the_ballot_and_do_not_stop_it(more, seconds, device, reasons):
    submission = read([*GOOD, *more]).submission(link(), "s" * 22, seconds, device)
    assert submission.reasons == reasons
    assert submission.validity is (Validity.FLAGGED if reasons else Validity.COUNTED)


def test_the_same_option_for_ten_units_is_noticed():
    fields = [("q.role", "person")]
    for number in range(1, TEN_UNITS + 1):
        fields += rated("AAAAA", f"{number:02d}")
    submission = read(fields, units=TEN_UNITS).submission(link(), "s" * 22, 600, "key")
    assert submission.reasons == ("identical",)


def test_everything_typed_is_kept_for_the_next_try():
    form = read([("01.law", "Z"), ("01.comment", "字" * 600), ("q.staff", "１２"), ("junk", "x")])
    assert form.typed["01.comment"] == ("字" * 600,)
    assert form.typed["q.staff"] == ("１２",)
    assert "junk" not in form.typed


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        pytest.param("a\r\nb\rc\u2028d", "a\nb\nc\nd", id="line ends"),
        pytest.param("a\x00b\x1b[31m\x7f", "ab[31m", id="NUL and control signs"),
        pytest.param("a\ud800b\udfff", "ab", id="halves of signs"),
        pytest.param("\u202eabc\u2066\u200b\ufeff", "abc", id="direction and zero width"),
        pytest.param("𠮷👩‍🌾é", "𠮷👩‍🌾é", id="rare names, joined pictures and accents stay"),
        pytest.param("\t=1+1", "\t=1+1", id="a formula is only text"),
    ],
)
def test_clean_text(text, clean):
    assert clean_text(text) == clean
    clean_text(text).encode()

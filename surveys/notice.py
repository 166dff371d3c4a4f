"""What people are told about their information before they answer, and how that is frozen."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale
from babel.support import NullTranslations, Translations

from analytics.faults import N_
from surveys.manner import DEFAULT_LOCALE, LANGUAGES
from surveys.models import Round
from surveys.traditional import traditional

KEEP_MONTHS = 24  # where a round does not say how long
VERSION_SIGNS = 8
TRADITIONAL = "zh_TW"
CATALOGUES = Path(__file__).parent / "translations"

Say = Callable[[str], str]
Outline = tuple[tuple[str, str, tuple[str, ...]], ...]


class Variant(StrEnum):
    """Which promise is made."""

    OPEN = "open"  # open links and windows
    SHARED = "shared"  # the same on a device that many people use
    CODES = "codes"  # one-time codes: a secret ballot


@dataclass(frozen=True)
class Facts:
    """What a round says for itself in its notice."""

    office: str
    office_en: str | None
    contact: str | None
    keep_months: int


@dataclass(frozen=True)
class Section:
    """A part of a notice; `name` is the same in every language."""

    name: str
    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Notice:
    """The notice of a round: the text that was frozen with it, or what would be frozen now."""

    facts: Facts
    text: str | None = None
    sha256: str | None = None

    @property
    def version(self) -> str:
        """Return how the frozen text is named; nothing while it may still change."""
        return (self.sha256 or "")[:VERSION_SIGNS]

    @property
    def key(self) -> str | Facts:
        """Return what a page that shows this notice changes with."""
        return self.sha256 or self.facts

    def told(self, language: str, is_secret: bool, is_shared: bool = False) -> tuple[Section, ...]:
        """Return the sections in a language as HTML names it; an unknown one is Chinese."""
        variant = Variant.SHARED if is_shared else Variant.OPEN
        if is_secret:
            variant = Variant.CODES
        if self.text is not None:
            stored = _stored(self.text)
            return (stored.get(language) or stored[LANGUAGES[DEFAULT_LOCALE]])[variant]
        locales = (one for one, name in LANGUAGES.items() if name == language)
        locale = next(locales, DEFAULT_LOCALE)
        return _sections(self.facts, variant, locale)


def notice_of(made: Round) -> Notice:
    """Return what the people of a round are told."""
    facts = Facts(made.office, made.office_en, made.contact, made.keep_months or KEEP_MONTHS)
    return Notice(facts, made.notice, made.notice_sha256)


def freeze_notice(made: Round) -> str:
    """Write the notice in all languages and variants into its round; return its digest.

    From now on this is what people see, whatever a later release would say.
    """
    facts = notice_of(made).facts
    document = {
        language: {
            variant: [vars(part) for part in _sections(facts, variant, locale)]
            for variant in Variant
        }
        for locale, language in LANGUAGES.items()
    }
    made.notice = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    made.notice_sha256 = hashlib.sha256(made.notice.encode()).hexdigest()
    return made.notice_sha256


def keeping_time(months: int, say: Say) -> str:
    """Return in words for how long ballots are kept."""
    return say(ONE_MONTH) if months == 1 else say(MONTHS) % {"count": months}


def sections(outline: Outline, values: Mapping[str, str], say: Say) -> tuple[Section, ...]:
    """Return an outline in the language that `say` speaks, with the round's own values in it."""
    return tuple(
        Section(name, say(heading), tuple(say(words) % values for words in paragraphs))
        for name, heading, paragraphs in outline
    )


# --- the words ------------------------------------------------------------------------------------

ONE_MONTH, MONTHS = N_("1 month"), N_("%(count)s months")
WHO = (
    "who",
    N_("Who asks, and why"),
    (
        N_(
            "%(office)s asks, for the yearly assessment of these units and so that they improve: "
            "as part of its duties by law, and only if you agree."
        ),
        N_("Questions about your information: %(contact)s."),
    ),
)
REST: Outline = (
    (
        "time",
        N_("How long it is kept"),
        (N_("For %(time)s after the round closes. Then it is deleted or made anonymous."),),
    ),
    (
        "seen",
        N_("Who sees it"),
        (
            N_("Answers are counted into totals. Units see only these, never a single ballot."),
            N_("Comments are shown without who wrote them. Please write no names in them."),
        ),
    ),
    (
        "free",
        N_("You decide"),
        (
            N_("Taking part is voluntary, and not taking part has no disadvantage."),
            N_("A ballot needs ratings; comments are free. You may stop before handing in."),
        ),
    ),
    (
        "rights",
        N_("Your rights"),
        (
            N_(
                "You may ask what is stored about you, have a copy, have it corrected or deleted, "
                "and complain: by the contact above."
            ),
            N_(
                "The limit: a ballot bears no name. Once it is handed in the office cannot tell "
                "which one is yours, so it cannot be changed or deleted."
            ),
        ),
    ),
    (
        "agreement",
        N_("Your agreement"),
        (
            N_("By handing in you agree to this."),
            N_("If you are under 14, please do not take part: your guardian would have to agree."),
        ),
    ),
)
STORED, NOT_STORED = N_("What is stored"), N_("What is not stored")
ANSWERS = N_(
    "Your answers and comments, the day, the link you came by, and how many seconds it took."
)
MARK = N_(
    "A random mark of this browser, kept only as a key for this round, so that each phone counts "
    "once."
)
UNSENT = N_("Until you hand in, what you filled in stays on this phone, for 30 days at most.")
NO_NAMES: Outline = (
    (
        "not_stored",
        NOT_STORED,
        (N_("Your name, identity or telephone number, and network address."),),
    ),
)
OUTLINES: Mapping[Variant, Outline] = {
    Variant.OPEN: (WHO, ("stored", STORED, (ANSWERS, MARK, UNSENT)), *NO_NAMES, *REST),
    Variant.SHARED: (WHO, ("stored", STORED, (ANSWERS,)), *NO_NAMES, *REST),
    Variant.CODES: (
        (
            "discipline",
            N_("Discipline of the appraisal"),
            (
                N_("Fill this in yourself and independently."),
                N_("Nobody may ask to see your form, tell you what to answer, or collect forms."),
                N_("Units may not canvass for ratings."),
                N_("If somebody does, please tell: %(contact)s."),
            ),
        ),
        WHO,
        (
            "stored",
            STORED,
            (
                N_("Your answers and comments."),
                N_("That the code was used: as a digest, apart from your answers."),
                N_("A draft, locked with your code, until you hand in."),
            ),
        ),
        (
            "not_stored",
            NOT_STORED,
            (
                N_("Your name."),
                N_("When and by which link you answered."),
                N_("Your network address or phone."),
            ),
        ),
        *REST,
    ),
}


# --- the languages --------------------------------------------------------------------------------


def _sections(facts: Facts, variant: Variant, locale: str) -> tuple[Section, ...]:
    say = _say(locale)
    office = facts.office_en if locale == "en" and facts.office_en else facts.office
    values = {
        "office": office,
        "contact": facts.contact or office,
        "time": keeping_time(facts.keep_months, say),
    }
    if locale == TRADITIONAL:
        values |= {name: traditional(values[name]) for name in ("office", "contact")}
    return sections(OUTLINES[variant], values, say)


def _say(locale: str) -> Say:
    """Return the gettext of a locale; what has no traditional form of its own is converted."""
    own = _catalogue(locale).gettext
    if locale != TRADITIONAL:
        return own
    chinese = _catalogue(DEFAULT_LOCALE).gettext

    def say(msgid: str) -> str:
        words = own(msgid)
        return traditional(chinese(msgid)) if words == msgid else words

    return say


@cache
def _catalogue(locale: str) -> NullTranslations:
    # Not Flask's: an action freezes all languages, and speaks to no request.
    return Translations.load(CATALOGUES, [str(Locale.parse(locale))])


@lru_cache(maxsize=16)
def _stored(text: str) -> dict[str, dict[str, tuple[Section, ...]]]:
    """Return a frozen text by language and variant."""
    return {
        language: {
            variant: tuple(
                Section(part["name"], part["heading"], tuple(part["paragraphs"])) for part in parts
            )
            for variant, parts in variants.items()
        }
        for language, variants in json.loads(text).items()
    }

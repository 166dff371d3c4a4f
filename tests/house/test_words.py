"""Every sentence is said in every language, and what is compiled is what is written."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask_babel import force_locale, gettext

from surveys.manner import LOCALES
from surveys.refusals import Refusal
from tests.house.tree import ROOT, modules, short, text_of
from tests.tongues import HAN, latin_words, simplified_signs

CATALOGUES = ROOT / "surveys" / "translations"
PLACE = re.compile(r"%\((\w+)\)[#0 +-]*\d*(?:\.\d+)?[sdif]|%%")


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def written(language: str) -> Path:
    return CATALOGUES / language / "LC_MESSAGES" / "messages.po"


TAIWAN = "zh_Hant_TW"
TRANSLATED = tuple(path.name for path in sorted(CATALOGUES.iterdir()))


@pytest.fixture(scope="module", params=TRANSLATED)
def translated(request):
    """The catalogue of each language."""
    return catalogue(written(request.param))


@pytest.fixture(scope="module")
def chinese():
    return catalogue(written("zh_CN"))


@pytest.fixture(scope="module")
def taiwanese():
    return catalogue(written(TAIWAN))


@pytest.fixture(scope="module")
def sentences(tmp_path_factory):
    """Every msgid of the source, collected just as `make messages` does."""
    template = tmp_path_factory.mktemp("messages") / "messages.pot"
    tools = Path(sys.executable).parent
    subprocess.run([ROOT / "scripts" / "messages.sh", template], check=True, cwd=tools)
    return [message for message in catalogue(template) if message.id]


def refusals(kind: type[Refusal] = Refusal) -> list[type[Refusal]]:
    return [kind, *(deeper for direct in kind.__subclasses__() for deeper in refusals(direct))]


def translations(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """Return what each msgid becomes, under its singular; plural forms keep all of theirs."""
    return {forms(message.id)[0]: forms(message.string) for message in catalog if message.id}


def forms(text: str | Sequence[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("locale", sorted(LOCALES.values()))
def test_every_language_is_found_where_gettext_looks_for_it(app, locale):
    """English needs no catalogue: the sentences of the source are English."""
    name = str(Locale.parse(locale))
    with app.test_request_context(), force_locale(locale):
        said = gettext("Please answer this question.")
    folder = {"zh": "zh_CN"}.get(name, name)
    if locale == "en":
        assert said == "Please answer this question."
    else:
        assert said == translations(catalogue(written(folder)))["Please answer this question."][0]
        assert HAN.search(said)


def test_every_sentence_is_translated(sentences, translated):
    assert sentences
    said = translations(translated)
    asked = [forms(message.id)[0] for message in sentences]
    assert [text for text in asked if not all(said.get(text, ("",)))] == []


def test_no_translation_is_a_guess(translated):
    assert [message.id for message in translated if message.id and message.fuzzy] == []


def test_no_translation_is_left_over(sentences, translated):
    used = {forms(message.id)[0] for message in sentences}
    assert translations(translated).keys() - used == set()
    assert list(translated.obsolete) == []


def test_every_translation_fills_the_same_places(translated):
    def places(texts: tuple[str, ...]) -> set[str]:
        return {found for text in texts for found in PLACE.findall(text) if found}

    wrong = [
        message.id
        for message in translated
        if message.id and places(forms(message.id)) != places(forms(message.string))
    ]
    assert wrong == []


def test_no_word_stays_english_in_a_translation(translated):
    said = {
        msgid: PLACE.sub("", " ".join(texts)) for msgid, texts in translations(translated).items()
    }
    assert {msgid: words for msgid, text in said.items() if (words := latin_words(text))} == {}


def test_no_sign_stays_simplified_in_taiwan(taiwanese):
    said = {msgid: " ".join(texts) for msgid, texts in translations(taiwanese).items()}
    assert {msgid: signs for msgid, text in said.items() if (signs := simplified_signs(text))} == {}


def test_the_catalogue_for_taiwan_is_what_the_script_makes_of_the_chinese_one(tmp_path):
    """When this fails, run `make messages`."""
    made = tmp_path / "messages.po"
    subprocess.run([sys.executable, ROOT / "scripts" / "traditional.py", made], check=True)
    assert made.read_text(encoding="utf-8") == written(TAIWAN).read_text(encoding="utf-8")


def test_every_corrected_sentence_is_still_said(taiwanese):
    corrections = tomllib.loads(text_of(ROOT / "scripts" / "traditional.toml"))["sentences"]
    said = translations(taiwanese)
    assert {msgid: said.get(msgid) for msgid in corrections} == {
        msgid: (words,) for msgid, words in corrections.items()
    }


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param("请填写 Name。", ["Name"], id="an English word"),
        pytest.param("二维码（QR）和 .xlsx，见 /a/ 之后", [], id="names and what is typed"),
        pytest.param("请运行 flask tally verify 查看", [], id="a command"),
        pytest.param("SHA-256、UTF-8", [], id="names with figures"),
        pytest.param("MBs", ["MBs"], id="a longer word than a name"),
    ],
)
def test_english_words_are_seen(text, left):
    assert latin_words(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param("評議票", [], id="traditional"),
        pytest.param("评议", ["评", "议", "评", "议"], id="simplified"),
        pytest.param("以后", ["后"], id="simplified in this word only"),
        pytest.param("皇后", [], id="and not in this one"),
        pytest.param("干預儲存格裡", [], id="words that one conversion mistakes"),
    ],
)
def test_simplified_signs_are_seen(text, left):
    assert simplified_signs(text) == left


@pytest.mark.parametrize("path", sorted(CATALOGUES.glob("*/LC_MESSAGES/*.po")), ids=short)
def test_the_compiled_catalogue_is_the_written_one(path):
    with path.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    said = {key: texts for key, texts in translations(catalogue(path)).items() if all(texts)}
    assert translations(compiled) == said


@pytest.mark.parametrize("refusal", refusals(), ids=lambda kind: kind.__name__)
def test_every_refusal_says_its_no_in_chinese(refusal, chinese):
    translated = translations(chinese)
    assert 400 <= refusal.status < 600
    said = [refusal.message, *filter(None, [refusal.advice])]
    assert [text for text in said if not HAN.search(translated.get(text, ("",))[0])] == []


def test_every_refusal_is_raised_somewhere():
    elsewhere = " ".join(text_of(path) for path in modules() if path.parent.name != "refusals")
    never = [
        kind.__name__
        for kind in refusals()
        if not kind.__subclasses__() and not re.search(rf"\b{kind.__name__}\b", elsewhere)
    ]
    assert never == []

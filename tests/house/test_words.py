"""Every sentence of the product has its Chinese, and the compiled catalogue is the written one."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from surveys.refusals import Refusal
from tests.house.tree import ROOT, modules, short, text_of

CATALOGUES = ROOT / "surveys" / "translations"
HAN = re.compile(r"[\u4e00-\u9fff]")
PLACE = re.compile(r"%\((\w+)\)[#0 +-]*\d*(?:\.\d+)?[sdif]|%%")


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def chinese():
    return catalogue(CATALOGUES / "zh_CN" / "LC_MESSAGES" / "messages.po")


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


def test_every_sentence_has_its_chinese(sentences, chinese):
    assert sentences
    translated = translations(chinese)
    asked = [forms(message.id)[0] for message in sentences]
    assert [text for text in asked if not all(translated.get(text, ("",)))] == []


def test_no_translation_is_a_guess(chinese):
    assert [message.id for message in chinese if message.id and message.fuzzy] == []


def test_no_translation_is_left_over(sentences, chinese):
    used = {forms(message.id)[0] for message in sentences}
    assert translations(chinese).keys() - used == set()
    assert list(chinese.obsolete) == []


def test_every_translation_fills_the_same_places(chinese):
    def places(texts: tuple[str, ...]) -> set[str]:
        return {found for text in texts for found in PLACE.findall(text) if found}

    wrong = [
        message.id
        for message in chinese
        if message.id and places(forms(message.id)) != places(forms(message.string))
    ]
    assert wrong == []


@pytest.mark.parametrize("path", sorted(CATALOGUES.glob("*/LC_MESSAGES/*.po")), ids=short)
def test_the_compiled_catalogue_is_the_written_one(path):
    with path.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    written = {key: texts for key, texts in translations(catalogue(path)).items() if all(texts)}
    assert translations(compiled) == written


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

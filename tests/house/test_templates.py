"""Templates and assets: none missing, none unused, no sentence that skips the catalogue."""

import ast
import re
from fnmatch import fnmatchcase
from html.parser import HTMLParser

import jinja2.nodes
import pytest
from jinja2 import Environment

from tests.house.tree import ROOT, modules, nodes, short, text_of, tracked

TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
# Names that are the same in every language.
SAME_EVERYWHERE = {"pingyi", "qr", "png", "svg", "csv", "xlsx", "excel", "wps", "libreoffice", "id"}
SPOKEN_ATTRIBUTES = {"alt", "title", "aria-label", "placeholder", "label"}
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
TRANSLATED = re.compile(r"\{%-?\s*trans\b.*?\{%-?\s*endtrans\s*-?%\}", re.DOTALL)
STATEMENT = re.compile(r"\{%.*?%\}", re.DOTALL)
EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
LOOSE_ATTRIBUTE = re.compile(r"[\w-]+=\"[^\"<]*\"")  # in a macro that writes a part of a tag
WORD = re.compile(r"[A-Za-z]{2,}")
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HAN = re.compile(r"[\u4e00-\u9fff]")


def templates() -> list[str]:
    return [
        path.relative_to(TEMPLATES).as_posix() for path in tracked() if TEMPLATES in path.parents
    ]


def jinja() -> Environment:
    return Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"])


def pattern_of(node: ast.expr) -> str | None:
    """Return the file name that an expression spells, with * for what is known only at work."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(pattern_of(part) or "*" for part in node.values)
    return None


def named_in_python(ending: str) -> set[str]:
    found = (pattern_of(node) for node in nodes(modules()) if isinstance(node, ast.expr))
    return {name for name in found if name and name.endswith(ending)}


def spelled(node: jinja2.nodes.Node) -> str:
    """Return the name that a Jinja expression spells, with * for what is known only at work."""
    if isinstance(node, jinja2.nodes.Const):
        return str(node.value)
    if isinstance(node, jinja2.nodes.Concat):
        return "".join(spelled(part) for part in node.nodes)
    return "*"


def parsed_templates() -> list[jinja2.nodes.Template]:
    return [jinja().parse(text_of(TEMPLATES / name)) for name in templates()]


def templates_named() -> set[str]:
    loads = (
        jinja2.nodes.Extends,
        jinja2.nodes.Include,
        jinja2.nodes.Import,
        jinja2.nodes.FromImport,
    )
    loaded = {
        spelled(node.template) for tree in parsed_templates() for node in tree.find_all(loads)
    }
    return named_in_python(".html") | loaded


def assets_named() -> set[str]:
    calls = (node for tree in parsed_templates() for node in tree.find_all(jinja2.nodes.Call))
    return {spelled(argument) for call in calls for argument in call.args}


def test_every_named_template_exists():
    there = templates()
    lost = {name for name in templates_named() if not any(fnmatchcase(it, name) for it in there)}
    assert lost == set()


def test_every_template_is_named():
    named = templates_named()
    assert [it for it in templates() if not any(fnmatchcase(it, name) for name in named)] == []


@ON_SQLITE
def test_every_template_compiles_with_the_filters_it_uses(app):
    assert templates()
    for name in templates():
        app.jinja_env.get_template(name)


def test_every_asset_is_used():
    named = assets_named() | named_in_python("")
    scripts = " ".join(text_of(path) for path in tracked() if path.suffix in {".css", ".js"})
    unused = [
        short(path)
        for path in tracked()
        if STATIC in path.parents and STATIC / "vendor" not in path.parents
        if path.relative_to(STATIC).as_posix() not in named and path.name not in scripts
    ]
    assert unused == []


class Sentences(HTMLParser):
    """Collects what a reader sees or hears of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        """Keep text between tags."""
        self.found.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep attributes that are shown or read aloud."""
        self.found += [value for name, value in attrs if name in SPOKEN_ATTRIBUTES and value]


def untranslated(source: str) -> set[str]:
    sentences = Sentences()
    bare = COMMENT.sub("", source)
    # An expression may stand for the name of a tag, so one letter takes its place.
    sentences.feed(EXPRESSION.sub("x", STATEMENT.sub("", TRANSLATED.sub("", bare))))
    texts = [LOOSE_ATTRIBUTE.sub("", text) for text in sentences.found]
    words = {word for text in texts for word in WORD.findall(text) if set(word) != {"x"}}
    return {word for word in words if word.lower() not in SAME_EVERYWHERE} | set(HAN.findall(bare))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param("<p>Hello</p>", {"Hello"}, id="text between tags"),
        pytest.param('<p>{{ _("Hello") }}</p>', set(), id="a translated expression"),
        pytest.param('<img alt="Logo">', {"Logo"}, id="what is read aloud"),
        pytest.param('<p class="lead" id="top"></p>', set(), id="names for the machine"),
        pytest.param("{% trans %}Hello{% endtrans %}", set(), id="a translated block"),
        pytest.param('<{{ tag }} class="say">{{ words }}</p>', set(), id="a tag by expression"),
        pytest.param('{% if a %}class="b"{% endif %}', set(), id="a part of a tag"),
        pytest.param('{{ _("好") }}', {"好"}, id="a Chinese msgid"),
    ],
)
def test_untranslated_words_are_seen(source, words):
    assert untranslated(source) == words

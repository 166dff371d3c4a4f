"""What is written about the product is true of it, and the same in both languages."""

import re

from surveys.settings import KNOWN, PREFIX
from tests.house.tree import ROOT, short, text_of, tracked

README = ROOT / "README.md"
CHINESE_README = ROOT / "docs" / "README.zh-CN.md"
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) ", re.MULTILINE)
MARKDOWN_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def without_comments(block: str) -> list[str]:
    """Return a block's commands; what stands after a # may be in the reader's language."""
    return [line.split(" #")[0].rstrip() for line in block.splitlines()]


def test_every_setting_is_in_the_operator_s_guide_and_nothing_else_is():
    documented = set(re.findall(rf"{PREFIX}([A-Z_]+)", text_of(ROOT / "docs" / "operator.md")))
    assert {name for name in documented if not name.startswith("TEST_")} == KNOWN


def test_the_chinese_readme_has_the_same_headings():
    english, chinese = (
        HEADING.findall(CODE_BLOCK.sub("", text_of(path))) for path in (README, CHINESE_README)
    )
    assert english == chinese


def test_the_chinese_readme_has_the_same_commands():
    english, chinese = (
        [without_comments(block) for block in CODE_BLOCK.findall(text_of(path))]
        for path in (README, CHINESE_README)
    )
    assert english
    assert english == chinese


def test_every_link_between_documents_leads_somewhere():
    lost = [
        f"{short(path)}: {target}"
        for path in tracked()
        if path.suffix == ".md"
        for target in MARKDOWN_LINK.findall(CODE_BLOCK.sub("", text_of(path)))
        if "://" not in target and not target.startswith("mailto:")
        if not (path.parent / target).exists()
    ]
    assert lost == []


def test_every_make_target_in_the_readme_exists():
    targets = set(re.findall(r"^([a-z]+):.*##", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b", text_of(README))) <= targets

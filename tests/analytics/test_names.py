import re
from pathlib import Path

import pytest

from analytics.comments.names import without_names
from analytics.comments.report import Comment, comments_report

LINES = Path("tests/data/comments/names.txt").read_text(encoding="utf-8").splitlines()
SAID = [line for line in LINES if line and not line.startswith("#")]


@pytest.mark.parametrize("line", SAID)
def test_names_are_masked_and_nothing_else_is(line):
    given = line.replace("【", "").replace("】", "")
    assert without_names(given) == re.sub("【[^】]*】", "***", line)


def test_a_name_written_in_two_words_goes_whole():
    assert without_names("民警赵建国帮我找回了钱包") == "民警***帮我找回了钱包"


@pytest.mark.parametrize("text", ["", " ", "OK 👍", "!!!", "  空 格  保 留  ", "１２３，ａｂｃ"])
def test_what_has_no_names_stays_as_it_is(text):
    assert without_names(text) == text


def test_no_name_comes_out_of_a_report():
    """Neither in quotes nor in key phrases nor in what came again and again."""
    written = [f"窗口的李秀芳态度很差{'啊' * (n % 3)}" for n in range(9)] + [
        "排队太久，李秀芳不管"
    ] * 9
    comments = [Comment(0, 0, text) for text in written] + [Comment(1, 0, "排队不久")] * 9
    report = comments_report(comments, None, ["c", "c"])
    assert report.count == 27
    assert any("***" in quote.text for quote in report.repeated)
    assert "秀芳" not in repr(report)

"""The least page that could ask the same: as many radios, no style, no script, packed once."""

import gzip
from html import escape

from flask import Flask, Response

ITEMS = ("职能履行", "依法行政", "服务创新", "办事效能", "总体满意")
LEVELS = (
    ("A", "非常满意"),
    ("B", "满意"),
    ("C", "基本满意"),
    ("D", "不满意"),
    ("E", "非常不满意"),
    ("N", "不了解"),
)


def create_page() -> Flask:
    """Return a server of bare pages: `/bare/62` asks about 62 units."""
    app = Flask(__name__)
    kept: dict[int, bytes] = {}

    @app.get("/bare/<int:units>")
    def page(units: int) -> Response:
        if units not in kept:
            kept[units] = gzip.compress(bare_page(units).encode(), 9)
        answer = Response(kept[units])
        answer.headers["Content-Encoding"] = "gzip"
        return answer

    return app


def bare_page(units: int) -> str:
    """Return a form with five items for each of so many units."""
    cards = "".join(_card(number) for number in range(1, units + 1))
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>评议</title><link rel="icon" href="data:,">'
        f'<h1>请您评价</h1><form method="post">{cards}<button>提交</button></form></html>'
    )


def _card(number: int) -> str:
    items = "".join(_item(f"{number:02d}.{place}", words) for place, words in enumerate(ITEMS))
    return f"<section><h2>市第{number}局</h2>{items}</section>\n"


def _item(name: str, words: str) -> str:
    levels = "".join(
        f'<label><input type="radio" name="{name}" value="{code}"><span>{level}</span></label>'
        for code, level in LEVELS
    )
    return f"<fieldset><legend>{escape(words)}</legend>{levels}</fieldset>\n"

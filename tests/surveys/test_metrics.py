"""What is counted, and that several processes are told as one."""

import os
import subprocess
import sys

import pytest

from surveys import metrics
from surveys.refusals import Busy, LinkClosed, TokenSpent

COUNT = """
import os, sys
from surveys import metrics
metrics.OUTCOMES.labels("kept").inc(int(sys.argv[1]))
metrics.QUEUE_DEPTH.set(int(sys.argv[1]))
print("counted", flush=True)
sys.stdin.readline()
"""
TELL = "from surveys import metrics; print(metrics.exposition().decode())"


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [(LinkClosed(), "link_closed"), (TokenSpent(), "token_spent"), (Busy(), "busy")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refusal_is_counted_by_its_kind(refusal, kind):
    assert metrics.kind_of(refusal) == kind


def test_the_figures_are_text_that_prometheus_reads():
    metrics.OUTCOMES.labels("kept").inc(0)
    text = metrics.exposition().decode()
    assert 'pingyi_ballots_total{outcome="kept"}' in text
    assert "pingyi_build_info{version=" in text
    assert "_created" not in text


def counting(environment, amount):
    process = subprocess.Popen(
        [sys.executable, "-c", COUNT, str(amount)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "counted\n"
    return process


def told(environment):
    done = subprocess.run(
        [sys.executable, "-c", TELL], env=environment, capture_output=True, text=True, check=True
    )
    lines = [line.rsplit(" ", 1) for line in done.stdout.splitlines() if line[:1] not in {"", "#"}]
    return {name: float(value) for name, value in lines}


def test_several_processes_are_told_as_one_and_a_dead_one_waits_for_nobody(tmp_path, monkeypatch):
    monkeypatch.setenv(metrics.FOLDER_VARIABLE, "")
    folder = tmp_path / "metrics"
    folder.mkdir()
    (folder / "counter_1.db").write_bytes(b"left by a server of yesterday")
    metrics.share(folder)
    assert list(folder.iterdir()) == []
    environment = dict(os.environ)
    first, second = counting(environment, 3), counting(environment, 4)
    together = told(environment)
    assert together['pingyi_ballots_total{outcome="kept"}'] == 7
    assert together["pingyi_intake_queue_depth"] == 7
    second.kill()
    second.communicate()
    after = told(environment)
    assert after['pingyi_ballots_total{outcome="kept"}'] == 7, "what it counted stays"
    assert after["pingyi_intake_queue_depth"] == 3, "what waited in it does not"
    first.communicate("\n")

"""Where a sync's time went, in words that add up."""

from __future__ import annotations

import re

import pytest

from indexer.cli.printing import print_report
from indexer.sync.report import Speed, SyncReport

SECONDS = {"read": 1.0, "decode": 6.0, "fingerprints": 1.0, "embed": 8.0, "thumbnail": 4.0, "write": 0.5}


def said(capsys: pytest.CaptureFixture[str], embedded: int) -> str:
    report = SyncReport("shop", "index", "model", 1, {"new": embedded}, {}, generation="1", published=True)
    report.embedded = embedded
    report.seconds = {"catalog": 1.0, "plan": 1.0, "decode (sum of workers)": 6.0, "publish": 2.0, "total": 20.0}
    report.speed = Speed.of(embedded, 10.0, 2, SECONDS)
    print_report(report)
    return capsys.readouterr().out


def test_a_few_photos_have_their_seconds_alone(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, 20)
    assert "Seconds: catalog 1.0 (5%), plan 1.0 (5%), publish 2.0 (10%)\n" in out
    assert "thumbnail" not in out


def test_many_have_a_table_and_the_limit(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, 1000)
    rows = dict(re.findall(r"^(.+?) {2,}([\d.]+ +\d+%)", out, re.MULTILINE))
    assert rows["decode"].split() == ["6.00", "29%"]
    assert rows["embed"].split() == ["8.00", "39%"]
    assert sum(int(row.split()[1][:-1]) for row in rows.values()) in range(97, 104)
    limit = "90% of the 111 that 2 cores could do with nothing but decode + embed + thumbnail.\n"
    assert out.splitlines()[-1] + "\n" == f"100 photos/s while embedding, {limit}"


def test_json_has_the_same_numbers() -> None:
    speed = Speed.of(1000, 10.0, 2, SECONDS).to_json()
    assert speed["photos_per_second"] == 100.0
    assert speed["limit"] == pytest.approx(2 * 1000 / 18, abs=0.1)
    assert speed["milliseconds"]["thumbnail"] == 4.0

"""The commands mislabels, outliers and clusters: tables, JSON, CSV, and clusters that can be filtered by."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from searcher.cli.main import main
from tests.shops.indexes.blob_shop import blob_shop

WRONG = {"C0D1P0": {"category": "kind 2"}}


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return blob_shop(tmp_path / "index", change=WRONG).root


def searcher(index: Path, *arguments: str | Path) -> Result:
    command, *others = map(str, arguments)
    return CliRunner().invoke(main, [command, "--index", str(index), *others])


def test_mislabels_as_table_json_and_csv(index: Path, tmp_path: Path) -> None:
    shown = searcher(index, "mislabels", "--limit", "3")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines()[1].split()[:2] == ["1", "C0D1P0"]
    assert "1 of 45 products look like another category" in shown.stdout
    none = json.loads(searcher(index, "mislabels", "--where", "category=kind 1", "--json").stdout)
    assert (none["summary"]["products"], none["entries"]) == (15, [])
    found = searcher(index, "mislabels", "--limit", "0", "--json", "--csv", tmp_path / "found.csv")
    document = json.loads(found.stdout)
    assert (document["kind"], document["summary"]["shown"]) == ("mislabels", 1), "all of them: --limit is the table's"
    assert found.stderr == f"Wrote {tmp_path / 'found.csv'}\n"
    with (tmp_path / "found.csv").open(encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["product_id"] for row in rows] == [entry["product_id"] for entry in document["entries"]]
    assert rows[0]["suggested"] == "kind 0"


def test_outliers_as_table_and_json(index: Path, tmp_path: Path) -> None:
    shown = searcher(index, "outliers", "--csv", tmp_path / "found.csv")
    assert shown.exit_code == 0, shown.output
    assert "Unlike everything else:" in shown.stdout
    assert "90 photos of 45 products" in shown.stdout
    document = json.loads(searcher(index, "outliers", "--json").stdout)
    assert document["kind"] == "outliers"
    assert set(document["summary"]["found"]) == {"far", "no_jewelry", "disagreeing"}


def test_clusters_are_written_filtered_by_and_counted(index: Path, tmp_path: Path) -> None:
    shown = searcher(index, "clusters", "--write", "--csv", tmp_path / "found.csv")
    assert shown.exit_code == 0, shown.output
    assert "Wrote the cluster of" in shown.stdout
    document = json.loads(searcher(index, "clusters", "--json", "--write").stdout)
    assert document["written"]["published"] is False, "written already"
    first = document["clusters"][0]
    counted = json.loads(searcher(index, "facets", "cluster", "--json").stdout)
    assert (first["id"], first["size"]) in {(v["value"], v["count"]) for v in counted["facets"][0]["values"]}
    similar = searcher(index, "similar", "-p", first["id"], "--where", f"cluster={first['id']}", "--json", "-k", "50")
    found = {match["product_id"] for match in json.loads(similar.stdout)["matches"]}
    assert found == set(first["product_ids"]) - {first["id"]}


def test_a_filter_leaves_the_clusters_of_all_others(index: Path) -> None:
    searcher(index, "clusters", "--write")
    before = json.loads(searcher(index, "facets", "cluster", "--json", "--limit", "100").stdout)["facets"][0]["values"]
    again = searcher(index, "clusters", "--write", "--where", "category=kind 1", "--granularity", "1", "--json")
    assert json.loads(again.stdout)["summary"]["products"] == 15
    after = json.loads(searcher(index, "facets", "cluster", "--json", "--limit", "100").stdout)["facets"][0]["values"]
    kept = [value for value in before if not value["value"].startswith("C1")]
    assert [value for value in after if not value["value"].startswith("C1")] == kept


@pytest.mark.parametrize("command", ["mislabels", "outliers", "clusters"])
def test_a_place_that_cannot_be_written_is_refused_first(index: Path, command: str, tmp_path: Path) -> None:
    found = searcher(index, command, "--csv", tmp_path / "no" / "such.csv")
    assert (found.exit_code, found.stdout) == (2, "")
    assert "there is no folder" in found.stderr

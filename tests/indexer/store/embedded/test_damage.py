"""Damage in a published generation is noticed by readers, named by a check, kept out of copies and mended by a sync."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from indexer.cli.main import main
from indexer.errors import StoreDamaged
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.records import Point
from indexer.store.transfer.copy import copy_index
from indexer.store.transfer.snapshots import take_snapshot
from indexer.sync.report import SyncReport
from indexer.sync.run import sync
from indexer.system.files import copy_tree
from searcher.service import SearchService
from tests.shops.catalogs.small_catalog import read_manifest, write_manifest, write_small_catalog
from tests.shops.models.tiny_model import write_tiny_model

Harm = Callable[[Path], object]


def file_of(generation: Path, pattern: str) -> Path:
    return sorted(generation.rglob(pattern))[0]


def half_of_the_ids(generation: Path) -> None:
    path = file_of(generation, "mutable_id_tracker.mappings")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped_vector(generation: Path) -> None:
    path = file_of(generation, "vector_storage-image/vectors/chunk_0.mmap")
    with path.open("r+b") as file:
        file.seek(1001)
        byte = file.read(1)
        file.seek(1001)
        file.write(bytes([byte[0] ^ 0x55]))


def lost_status(generation: Path) -> None:
    file_of(generation, "vector_storage-image/vectors/status.dat").unlink()


def broken_record(generation: Path) -> None:
    (generation / "generation.json").write_text("{")


def lost_checksums(generation: Path) -> None:
    (generation / "checksums.json").unlink()


def cut_payloads(generation: Path) -> None:
    path = file_of(generation, "payload_storage/page_0.dat")
    path.write_bytes(path.read_bytes()[:4096])


HARMS = (half_of_the_ids, flipped_vector, lost_status, broken_record, lost_checksums, cut_payloads)


@dataclass
class Shop:
    catalog: Path
    model: Path
    index: EmbeddedIndex

    def sync(self) -> SyncReport:
        return sync(self.catalog, self.model, self.index)

    def newest(self) -> Path:
        return self.index.layout.generation(self.index.layout.numbers()[-1])

    def points(self) -> dict[str, Point]:
        store = self.index.read()
        found = {point.id: point for point in store.scroll(vectors=True)}
        store.close()
        return found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two generations: the newer one has a product and a price more."""
    folder = tmp_path_factory.mktemp("damage")
    catalog, model = write_small_catalog(folder / "catalog", products=8, photos=1), write_tiny_model(folder / "model")
    rows = read_manifest(catalog)
    write_manifest(catalog, rows[:-1])
    sync(catalog, model, folder / "index")
    write_manifest(catalog, [rows[0] | {"price": "77"}, *rows[1:]])
    sync(catalog, model, folder / "index")
    return folder


@pytest.fixture
def shop(built: Path, tmp_path: Path) -> Shop:
    copy_tree(built / "index", tmp_path / "index")  # keeps the holes
    return Shop(built / "catalog", built / "model", EmbeddedIndex(tmp_path / "index"))


@pytest.fixture
def alone(shop: Shop) -> Shop:
    """With the newest generation alone."""
    shop.index.prune()
    return shop


def same(found: dict[str, Point], wanted: dict[str, Point]) -> bool:
    """Products, fields and vectors; when a photo was indexed, and how sure the network is, may differ."""

    def fields(point: Point) -> dict[str, object]:
        return {name: value for name, value in point.payload.items() if name not in ("indexed_at",)}

    return found.keys() == wanted.keys() and all(
        fields(point) == fields(wanted[key]) and np.allclose(point.vector, wanted[key].vector, atol=1e-6)  # type: ignore[arg-type]
        for key, point in found.items()
    )


@pytest.mark.parametrize("harm", [harm for harm in HARMS if harm is not flipped_vector])  # in a large file, a check's
def test_a_reader_says_what_is_wrong_and_what_to_do(shop: Shop, harm: Harm) -> None:
    harm(shop.newest())
    with pytest.raises(StoreDamaged) as caught:
        shop.index.read()
    text = str(caught.value)
    assert text.startswith(f"{shop.newest()}: is damaged: ")
    assert "repair it with: indexer sync CATALOG --index" in text
    assert "keep the folder" in text
    assert "\n" not in text
    with pytest.raises(StoreDamaged):
        SearchService(shop.index).similar("P003", k=2)


@pytest.mark.parametrize(
    "harm",
    [
        half_of_the_ids,
        flipped_vector,
        lost_checksums,
        *(pytest.param(harm, marks=pytest.mark.slow) for harm in (lost_status, broken_record, cut_payloads)),
    ],
)
def test_the_next_sync_goes_on_from_the_generation_before(shop: Shop, harm: Harm) -> None:
    before = shop.points()
    harm(shop.newest())
    report = shop.sync()
    assert len(report.repairs) == 1
    assert "is damaged" in report.repairs[0]
    assert report.embedded <= 1  # the product that the generation before has not
    assert same(shop.points(), before)
    assert not any(one.damage for one in shop.index.check())
    assert shop.sync().repairs == []


@pytest.mark.parametrize(
    ("harm", "embedded"),
    [
        (half_of_the_ids, 4),
        (flipped_vector, 8),
        (lost_status, 8),
        (broken_record, 0),
        (cut_payloads, 8),
    ],
)
def test_without_another_generation_what_is_whole_is_kept(alone: Shop, harm: Harm, embedded: int) -> None:
    before = alone.points()
    harm(alone.newest())
    report = alone.sync()
    assert (len(report.repairs), report.embedded) == (1, embedded)
    assert same(alone.points(), before)
    assert not any(one.damage for one in alone.index.check())


def test_what_others_wrote_of_the_products_survives_it(alone: Shop, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    views = [{"session": "a", "product": p, "time": 1_770_000_000 + n} for n, p in enumerate(("P001", "P002"))]
    events.write_text("\n".join(map(json.dumps, views)))
    place = ["--index", str(alone.index.root)]
    assert CliRunner().invoke(main, ["events", str(events), *place]).exit_code == 0
    alone.index.prune()
    before = alone.points()
    assert sum("co_viewed" in point.payload for point in before.values()) == 2
    flipped_vector(alone.newest())
    alone.sync()
    assert same(alone.points(), before)


def test_a_check_finds_what_a_reader_cannot_know_and_names_the_file(shop: Shop) -> None:
    first, second = shop.index.check()
    assert (first.damage, second.damage, second.published, second.points) == ((), (), True, 8)
    assert second.files > 100
    flipped_vector(shop.newest())
    [found] = shop.index.check()[1].damage
    assert "vectors/chunk_0.mmap has other bytes than were published" in found


def test_the_command_line_checks(shop: Shop) -> None:
    place = ["--index", str(shop.index.root)]
    good = CliRunner().invoke(main, ["status", "--check", *place])
    assert good.exit_code == 0, good.output
    assert "Generation 2 whole; compared" in good.output
    document = json.loads(CliRunner().invoke(main, ["status", "--check", "--json", *place]).stdout)
    assert [one["damage"] for one in document["check"]] == [[], []]
    half_of_the_ids(shop.index.layout.generation(1))  # one that can be gone back to
    other = CliRunner().invoke(main, ["status", "--check", *place])
    assert other.exit_code == 1
    assert "Generation 1 damaged: " in other.output
    lost_status(shop.newest())
    bad = CliRunner().invoke(main, ["status", "--check", *place])
    assert bad.exit_code == 1
    assert "generation 2 is damaged (1 found: " in bad.stderr
    assert bad.stderr.rstrip().endswith(f"repair it with: indexer sync CATALOG --index {shop.index.root}")
    synced = CliRunner().invoke(main, ["sync", str(shop.catalog), "--model", str(shop.model), *place])
    assert synced.exit_code == 0
    assert "Repaired: " in synced.output


def test_damage_is_not_copied_further(shop: Shop, tmp_path: Path) -> None:
    path = file_of(shop.newest(), "vector_storage-image/vectors/chunk_0.mmap")
    size = path.stat().st_size
    flipped_vector(shop.newest())
    assert path.stat().st_size == size
    with pytest.raises(StoreDamaged):
        take_snapshot(shop.index, tmp_path / "snapshot")
    assert not (tmp_path / "snapshot").exists()
    with pytest.raises(StoreDamaged):
        copy_index(shop.index, EmbeddedIndex(tmp_path / "copy"))


def test_nobody_goes_back_to_a_damaged_generation(shop: Shop) -> None:
    flipped_vector(shop.index.layout.generation(1))
    with pytest.raises(StoreDamaged):
        shop.index.rollback()
    assert shop.index.current() == "2"


@pytest.mark.parametrize("content", [None, "", "garbage\n", "-3\n", "\x00\x00"])
def test_a_lost_current_is_written_again_and_nothing_is_embedded(shop: Shop, content: str | None) -> None:
    before, current = shop.points(), shop.index.root / "CURRENT"
    current.unlink() if content is None else current.write_text(content)
    with pytest.raises(StoreDamaged, match=r"CURRENT: is damaged.+publish the newest again with: indexer rollback"):
        shop.index.read()
    report = shop.sync()
    assert (report.embedded, shop.index.current(), len(report.repairs)) == (0, "2", 1)
    assert "generation 2 is whole and was published again" in report.repairs[0]
    assert same(shop.points(), before)


def test_a_rollback_writes_a_lost_current_too(shop: Shop) -> None:
    (shop.index.root / "CURRENT").unlink()
    assert shop.index.rollback() == "2"
    assert shop.index.rollback() == "1"


def test_of_several_the_newest_that_is_whole_is_published_again(shop: Shop) -> None:
    (shop.index.root / "CURRENT").unlink()
    half_of_the_ids(shop.newest())
    report = shop.sync()
    assert "generation 1 is whole and was published again" in report.repairs[0]
    assert report.embedded == 1


def test_a_rollback_passes_over_a_damaged_generation(shop: Shop) -> None:
    (shop.index.root / "CURRENT").unlink()
    half_of_the_ids(shop.newest())
    with pytest.raises(StoreDamaged, match="publish the newest again"):
        shop.index.read()
    result = CliRunner().invoke(main, ["rollback", "--index", str(shop.index.root)])
    assert result.exit_code == 0, result.output
    where = shop.index.root
    assert result.output == f"Published generation 1 again in {where} (what was published could not be read)\n"


def test_with_every_generation_gone_what_lies_beside_them_stays(shop: Shop) -> None:
    decisions = shop.index.root / "decisions.jsonl"
    decisions.write_text("")
    shutil.rmtree(shop.index.root / "generations")
    with pytest.raises(StoreDamaged, match="keep the folder"):
        shop.index.read()
    assert shop.sync().embedded == 8
    assert decisions.exists()


def test_no_message_advises_to_remove_an_index() -> None:
    """It would take decisions, reports, the verifier and co-views with it."""
    root = Path(__file__).parents[4]
    for package in ("indexer", "searcher", "docs"):
        for path in sorted((root / package).rglob("*.*")):
            if path.suffix in (".py", ".md", ".js"):
                text = " ".join(path.read_text(encoding="utf-8").lower().split())
                for advice in ("remove the index and", "or remove the index", "delete the index", "remove the alias"):
                    assert advice not in text, f"{path}: {advice}"

"""NFC and NFD of one name are one in product ids, filters, presets, boosts and facets, also in an index made before."""

from __future__ import annotations

from pathlib import Path
from unicodedata import normalize

import pytest

from searcher.service import SearchService
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, build, make_index
from tests.shops.indexes.built_index import points, record, unit_vectors

pytestmark = [pytest.mark.filterwarnings(message) for message in LOCAL_MODE_WARNINGS]
FORMS = ("NFC", "NFD")
METAL, PRODUCT = "or ros\u00e9", "\u00c9toile"


@pytest.fixture(scope="module", params=ENGINES)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SearchService:
    folder: Path = tmp_path_factory.mktemp("index")
    index = make_index(request.param, folder)
    payloads = [
        {
            "product_id": normalize(form, f"{PRODUCT} {form}"),
            "category": normalize(form, "bagues \u00e0 pierre"),
            "metal": [normalize(form, METAL)],
            "photo": {"path": f"{form}.jpg", "rank": 0.0},
        }
        for form in FORMS
    ]
    payloads.append({"product_id": "plain", "metal": ["gold"], "photo": {"path": "plain.jpg", "rank": 0.0}})
    build(index, points(payloads, unit_vectors(3)), record())
    return SearchService(index)


@pytest.mark.parametrize("typed", FORMS)
@pytest.mark.parametrize("stored", FORMS)
def test_a_product_is_found_by_its_id_and_is_no_answer_to_itself(
    service: SearchService, stored: str, typed: str
) -> None:
    asked = normalize(typed, f"{PRODUCT} {stored}")
    assert service.product(asked).product_id == normalize(stored, asked)
    for answer in (
        service.similar(asked, facets=["metal"]),
        service.recommend([asked]),
        service.also_viewed([asked]),
        service.similar(asked, min_score=-1, facets=["metal"]),
    ):
        assert len(answer.matches) == 2
        assert normalize("NFC", asked) not in [normalize("NFC", match.product_id) for match in answer.matches]
    other = service.similar(asked, preset="same-metal").matches
    assert [normalize("NFC", match.product_id)[:6] for match in other] == [PRODUCT]
    assert [match.product_id for match in service.similar(asked, preset="other-metal").matches] == ["plain"]


@pytest.mark.parametrize("typed", FORMS)
def test_values_are_one_in_filters_boosts_and_facets(service: SearchService, typed: str) -> None:
    asked = normalize(typed, f"metal={METAL}")
    assert len(service.similar("plain", where=asked).matches) == 2
    boosted = service.similar("plain", boosts=[f"{asked}:0.5"], explain=True).matches
    assert all(sum(match.explanation.boosts.values()) == 0.5 for match in boosted if match.explanation)
    category = normalize(typed, "category=bagues \u00e0 pierre")
    assert len(service.text(normalize(typed, "ros\u00e9"), where=category, mode="words").matches) == 2


def test_a_facet_has_each_name_once(service: SearchService) -> None:
    (metals,) = service.facets(["metal"])
    assert {one.value: one.count for one in metals.values} == {METAL: 2, "gold": 1}
    for one in metals.values:
        assert len(service.similar("plain", where=list(one.where)).matches) == one.count - (one.value == "gold")

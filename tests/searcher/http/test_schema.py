"""The OpenAPI document keeps its word: schemathesis asks what it allows and what it forbids, and judges every answer.

Cases are drawn from a seed, so that every run asks the same. What a check finds is printed with the curl command
that repeats it.
"""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.checks import CHECKS
from schemathesis.engine import Status, events, from_schema
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

from searcher.http.access.keys import KeyFile
from searcher.http.app import create_app
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.shops.whole_shop import Shop, build_shop

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:schemathesis")

PHASES = ("examples", "coverage", "fuzzing", "stateful")

WORDS: dict[str, list[str]] = {
    "products": ["P000", "P001", "P007", "P029", "P999"],
    "filters": [
        "category=rings",
        "price<=300",
        "metal=gold|silver",
        "title~gold",
        "created>=2026-01-02",
        "brand^=Aur",
        "in_stock=true",
        "metal!=",
    ],
    "fields": ["category", "price", "in_stock", "brand", "created", "title"],
    "boosts": ["in_stock:0.05", "price:-0.1@0..500", "created:0.1@30d"],
    "caps": ["brand:2", "metal:1"],
    "presets": ["other-metal", "other-category", "same-style"],
    "texts": ["gold ring with pearl", "fine silver", "unicorn"],
}
"""What makes sense to this catalog; without it nearly every question would end at the first unknown product."""

WHERE_WORDS_GO = {
    "path.sha256": "pictures",
    "query.first": "pictures",
    "body.image": "photos",
    "path.product_id": "products",
    "query.product_id": "products",
    "query.where[*]": "filters",
    "query.field[*]": "fields",
    "query.fields[*]": "fields",
    "query.facets[*]": "fields",
    "query.boosts[*]": "boosts",
    "query.caps[*]": "caps",
    "query.preset": "presets",
    "query.relax[*]": "fields",
    "body.product_id": "products",
    "body.product_ids[*]": "products",
    "body.queries[*]": "products",
    "body.positive[*]": "products",
    "body.negative[*]": "products",
    "body.target": "products",
    "body.context[*].positive": "products",
    "body.context[*].negative": "products",
    "body.where[*]": "filters",
    "body.fields[*]": "fields",
    "body.facets[*]": "fields",
    "body.boosts[*]": "boosts",
    "body.caps[*]": "caps",
    "body.preset": "presets",
    "body.relax[*]": "fields",
    "body.text": "texts",
}

NOT_APPLICABLE = (
    # A sense that no schema can state: "price<=500" is a filter and "price<=cheap" is none, and of product_id, image,
    # url and vector exactly one is given. `refused_for_its_sense_alone` judges the same cases more strictly.
    "positive_data_acceptance",
    # Null and an empty text are not given at all, in every place, which the document does not say of every place.
    # `forbidden_is_refused` judges all other cases as this check does.
    "negative_data_rejection",
    # Compares what two users may see of each other's objects: nobody here owns any.
    "object_level_authorization",
)

SENSE = {"invalid-filter", "invalid-question", "invalid-photo", "invalid-vector", "unknown-product"}


@schemathesis.check
def refused_for_its_sense_alone(ctx: schemathesis.CheckContext, response: Any, case: Any) -> None:
    """What the document allows is refused for what it means, never for its shape."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE or response.status_code < 400:
        return
    if case.method.upper() not in {method.upper() for method in case.operation.schema[case.path]}:
        return
    kind = response.json()["type"].rpartition(":")[2]
    if case.path == "/v1/similar/photo" and "body.options" in response.text:
        return  # JSON in a field of a form: OpenAPI calls it text
    if response.status_code in (400, 413, 415) or (response.status_code == 422 and kind not in SENSE):
        raise AssertionError(f"the document allows this request, and it was refused as {kind}: {response.text}")


@schemathesis.check
def forbidden_is_refused(ctx: schemathesis.CheckContext, response: Any, case: Any) -> None:
    """What the document forbids is refused, in a batch in the query's place, unless something is left open in it."""
    in_its_place = case.path == "/v1/batch" and "error" in str(response.json().get("answers"))
    if not in_its_place and not any(map(left_open, (case.query, case.body))):
        negative_data_rejection(ctx, response, case)


def left_open(given: Any) -> bool:
    """Whether there is a null or an empty text in it."""
    if isinstance(given, dict):
        return any(map(left_open, given.values()))
    return any(map(left_open, given)) if isinstance(given, list | tuple) else given is None or given == ""


@schemathesis.check
def errors_are_problems(ctx: schemathesis.CheckContext, response: Any, case: Any) -> None:
    """Every error says what it is and names its request."""
    if response.status_code >= 400 and case.method.upper() != "HEAD":
        assert response.headers["content-type"] == ["application/problem+json"]
        document = response.json()
        assert document["status"] == response.status_code
        assert [document["request_id"]] == response.headers["x-request-id"]


@dataclass
class Outcome:
    """What a run came to."""

    operations: tuple[str, ...]
    cases: int = 0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    judged: Counter[str] = field(default_factory=Counter)
    faults: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def take(self, scenario: events.ScenarioFinished) -> None:
        recorder = scenario.recorder
        self.cases += len(recorder.interactions)
        for number, interaction in recorder.interactions.items():
            assert interaction.response is not None
            self.answers[recorder.cases[number].value.operation.label, interaction.response.status_code] += 1
        for checks in recorder.checks.values():
            for check in checks:
                self.judged[check.name] += 1
                if check.status is Status.FAILURE and check.failure_info is not None:
                    failure = check.failure_info.failure
                    told = f"{failure.message}\n    {check.failure_info.code_sample}"
                    self.faults.setdefault((check.name, recorder.label, failure.title), told[:3000])

    def report(self) -> str:
        return "\n".join(f"{' · '.join(where)}: {told}" for where, told in self.faults.items())


def explore(
    shop: Shop, examples: int, *phases: str, seed: int = 1, keys: Path | None = None, key: str | None = None
) -> Outcome:
    """Ask the app what its document allows and forbids, ``examples`` random cases of each operation."""
    app = create_app(
        ServeSettings(_env_file=None, index=shop.index.root, rate_limit=0, keys=keys),  # type: ignore[call-arg]
        SearchService(shop.index),
    )
    photo = base64.b64encode(shop.photo.read_bytes()).decode()
    words = {**WORDS, "pictures": [shop.picture], "photos": [photo]}
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    config = schemathesis.Config.from_dict(
        {
            "seed": seed,
            "cache": {"enabled": False},
            "headers": headers,
            "dictionaries": {name: {"values": values} for name, values in words.items()},
            "parameters": {place: {"dictionary": name, "probability": 0.7} for place, name in WHERE_WORDS_GO.items()},
            "checks": {"enabled": True, **{name: {"enabled": False} for name in NOT_APPLICABLE}},
            "generation": {
                "max-examples": examples,
                "deterministic": True,
                "database": "none",
                "with-security-parameters": False,
            },  # the keys of this run, not invented ones
            "phases": {phase: {"enabled": phase in phases} for phase in PHASES},
        }
    )
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    outcome = Outcome(tuple(found.ok().label for found in schema.get_all_operations()))
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            outcome.take(event)
        elif isinstance(event, events.NonFatalError):
            raise event.value
        elif isinstance(event, events.FatalError):
            raise event.exception
    return outcome


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return build_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, str]:
    """A key file, and a key of scope admin in it that no limit slows down."""
    file = KeyFile(tmp_path / "keys.json")
    return file.path, file.add("boss", "admin", 0)[1]


def judge(outcome: Outcome, least: int, answered: set[str]) -> None:
    """Nothing found, by as many cases as there should be, at every operation, by every check."""
    assert not outcome.faults, outcome.report()
    assert not [where for where in outcome.answers if where[1] >= 500]
    assert outcome.cases >= least
    assert {operation for operation, _ in outcome.answers} - {"Stateful tests"} == set(outcome.operations)
    assert answered <= {operation for operation, status in outcome.answers if status == 200}
    assert set(CHECKS.get_all_names()) - set(outcome.judged) <= set(NOT_APPLICABLE)


EASY = {
    "GET /livez",
    "GET /v1/facets",
    "GET /v1/reports",
    "GET /v1/similar",
    "GET /v1/products/{product_id}",
    "POST /v1/batch",
    "POST /v1/facets",
    "POST /v1/text",
    "GET /v1/duplicates",
    "GET /v1/mislabels",
    "GET /v1/outliers",
    "GET /v1/clusters",
    "GET /v1/reports/{kind}/{name}",
}
"""What random questions are answered at: who only ever collects refusals learns little about answers."""


@pytest.mark.slow
def test_examples_and_every_border_of_the_document(shop: Shop) -> None:
    judge(explore(shop, 1, "examples", "coverage"), 1000, {"GET /v1/facets", "POST /v1/facets", "POST /v1/text"})


def test_random_questions(shop: Shop) -> None:
    judge(explore(shop, 12, "fuzzing", "stateful"), 200, EASY)


@pytest.mark.slow  # without a key, the same is asked each time
def test_random_questions_with_a_key(shop: Shop, keys: tuple[Path, str]) -> None:
    path, key = keys
    outcome = explore(shop, 12, "fuzzing", "stateful", seed=2, keys=path, key=key)
    judge(
        outcome,
        200,
        {"GET /v1/admin/status", "GET /metrics", "GET /v1/reports", "GET /v1/decisions", "POST /v1/decisions"},
    )
    refused = {operation for operation, status in outcome.answers if status == 401}
    assert {"GET /v1/admin/status", "GET /metrics", "GET /v1/products/{product_id}"} <= refused


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 4])
def test_many_random_questions(shop: Shop, keys: tuple[Path, str], seed: int) -> None:
    path, key = keys if seed == 4 else (None, None)
    judge(explore(shop, 150, *PHASES[2:], seed=seed, keys=path, key=key), 2000, EASY)

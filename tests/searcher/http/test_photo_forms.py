"""Photos as programs send them: base64 of all kinds, forms without file names, images as they are; and what is said."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.searcher.http.access.hostile_images import saved
from tests.searcher.http.conversation import problem_of, unlimited
from tests.shops.whole_shop import Shop, build_shop

# Starlette leaves the part of a form that breaks off to the garbage collector, which closes it in time.
pytestmark = pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")

PHOTO = saved("PNG")
AGAIN = saved("JPEG")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return build_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[TestClient]:
    with unlimited(shop) as client:
        yield client


def plain(data: bytes) -> str:
    return base64.b64encode(data).decode()


def of_products(answer: Any) -> list[tuple[str, float]]:
    assert answer.status_code == 200, answer.text
    return [(match["product_id"], match["score"]) for match in answer.json()["matches"]]


SPELLINGS: dict[str, Callable[[bytes], str]] = {
    "line breaks": lambda data: base64.encodebytes(data).decode(),
    "line breaks of Windows": lambda data: base64.encodebytes(data).decode().replace("\n", "\r\n"),
    "spaces": lambda data: " " + plain(data)[:40] + "   " + plain(data)[40:] + "\t",
    "for addresses": lambda data: base64.urlsafe_b64encode(data).decode(),
    "no padding": lambda data: plain(data).rstrip("="),
    "for addresses, no padding": lambda data: base64.urlsafe_b64encode(data).decode().rstrip("="),
    "a data address": lambda data: "data:image/png;base64," + plain(data),
    "a data address in capitals": lambda data: "DATA:image/png;name=a.png;BASE64," + plain(data),
    "a data address with escapes": lambda data: "data:image/png;base64," + plain(data).replace("=", "%3D"),
    "a data address with line breaks": lambda data: "data:image/png;base64,\n" + base64.encodebytes(data).decode(),
}


@pytest.mark.parametrize("more", [0, 1, 2], ids=["whole threes", "one over", "two over"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_base64_is_read_however_it_is_written(client: TestClient, spelling: str, more: int) -> None:
    data = PHOTO + b"\xfb\xff\xfe"[: (more - len(PHOTO)) % 3]  # both letters that differ, and every padding
    assert len(data) % 3 == more
    expected = of_products(client.post("/v1/similar", json={"image": plain(data)}))
    assert of_products(client.post("/v1/similar", json={"image": SPELLINGS[spelling](data)})) == expected
    inside = client.post("/v1/recommend", json={"positive": [{"image": SPELLINGS[spelling](data)}]})
    assert inside.status_code == 200
    assert client.post("/v1/classify", json={"image": SPELLINGS[spelling](data)}).status_code == 200


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("iVBOR!", "this is not base64, which has no '!'"),
        ("iVB=OR", "this is not base64, which has no '='"),
        ("iVBOé", r"which has no '\xe9'"),
        ("iVBOR", "this base64 is cut off after 5 letters"),
        ("data:image/png,abc", "a data address must be base64"),
        ("data:image/png;base64,", "image: is empty"),
        (" \n ", "image: is empty"),
    ],
)
def test_what_is_no_base64_is_said_plainly(client: TestClient, text: str, words: str) -> None:
    for path in ("similar", "classify", "duplicates"):
        said = problem_of(client.post(f"/v1/{path}", json={"image": text}), 422).detail
        assert words in said
        assert "padding" not in said.lower()


def form(*parts: bytes) -> bytes:
    return b"".join(b"--cut\r\n" + part + b"\r\n" for part in parts) + b"--cut--\r\n"


FORM = {"content-type": "multipart/form-data; boundary=cut"}
DISPOSITIONS = [
    b'Content-Disposition: form-data; name="image"',
    b"Content-Disposition: form-data; name=image",
    b"content-disposition: form-data;name=image;",
    b'Content-Disposition: form-data; name="image"\r\nContent-Type: image/png',
    b'Content-Type: application/octet-stream\r\nContent-Disposition: form-data; name="image"',
    b'Content-Disposition: form-data; name="image"; filename="a.png"',
    b'Content-Disposition: form-data; name="image"; filename=""',
    b"Content-Disposition: form-data; filename*=UTF-8''a.png; name=\"image\"",
]


@pytest.mark.parametrize("disposition", DISPOSITIONS)
@pytest.mark.parametrize("data", [PHOTO, AGAIN, PHOTO + b"\0" * 1_500_000], ids=["PNG", "JPEG", "more than 1 MB"])
def test_a_part_needs_no_file_name(client: TestClient, disposition: bytes, data: bytes) -> None:
    option = b'Content-Disposition: form-data; name="k"\r\n\r\n3'
    sent = form(option, disposition + b"\r\n\r\n" + data)
    expected = of_products(client.post("/v1/similar/photo", files={"image": ("a.png", data)}, data={"k": "3"}))
    assert len(expected) == 3
    assert of_products(client.post("/v1/similar/photo", content=sent, headers=FORM)) == expected
    alone = form(disposition + b"\r\n\r\n" + data)
    for path in ("classify", "duplicates"):
        assert client.post(f"/v1/{path}/photo", content=alone, headers=FORM).status_code in (200, 503)


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "IMAGE/PNG", "image/png; charset=binary", "image/*"])
def test_an_image_may_be_the_whole_body(client: TestClient, kind: str) -> None:
    expected = of_products(
        client.post("/v1/similar/photo", files={"image": PHOTO}, data={"k": "2", "where": "price>0"})
    )
    headers = {"content-type": kind}
    sent = client.post("/v1/similar/photo?k=2&where=price>0", content=PHOTO, headers=headers)
    assert of_products(sent) == expected
    as_json = client.post("/v1/similar/photo", params={"options": '{"k": 2}'}, content=PHOTO, headers=headers)
    assert len(of_products(as_json)) == 2
    assert client.post("/v1/classify/photo?k=1", content=PHOTO, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/v1/similar/photo?wher=price>0", 422, "query.wher: is not known here; there is: "),
        ("/v1/similar/photo?k=1&k=2", 422, "query.k: is given 2 times"),
        ("/v1/similar/photo?k=no", 422, "k: must be a whole number"),
        ("/v1/similar/photo?image=x", 422, "image"),
        ("/v1/similar", 415, "goes to an address that ends with /photo"),
        ("/v1/text", 415, "this address takes application/json"),
    ],
)
def test_what_does_not_fit_an_image_is_said(client: TestClient, address: str, status: int, words: str) -> None:
    answer = client.post(address, content=PHOTO, headers={"content-type": "image/png"})
    assert words in problem_of(answer, status).detail


FRAMEWORK = re.compile(
    r"pydantic|starlette|fastapi|uvicorn|multipart parser|UploadFile|<class|Value error|Input should|Field required"
    r"|(?-i:[A-Z]\w+Body\b)|NoneType|binascii|\bdict\b|\bstr\b|\bint\b|constrained|function-|Pillow"
    r"|PIL\b|instance of|unable to parse|boundary character|Content-Disposition|error parsing|after validation",
    re.IGNORECASE,
)
BODIES: list[Any] = [
    {},
    [],
    "x",
    1,
    None,
    {"k": "5"},
    {"k": 1.5},
    {"k": 0},
    {"k": True},
    {"k": 10**30},
    {"product_id": 1},
    {"product_id": ""},
    {"product_id": "x" * 501},
    {"vector": "no"},
    {"vector": [1, "a"]},
    {"vector": [1e999]},
    {"where": "x"},
    {"where": [1]},
    {"where": {"must": 1}},
    {"crop": [0, 0, 1]},
    {"crop": [0, 0, 2, 1]},
    {"crop": "a"},
    {"exact": 1},
    {"exact": "yes"},
    {"fields": [[]]},
    {"min_score": "a"},
    {"diversity": 7},
    {"image": 5},
    {"image": "@"},
    {"positive": [1]},
    {"positive": [{"product_id": 5}]},
    {"positive": {}},
    {"positive": ["a"] * 40},
    {"strategy": "x"},
    {"context": [1]},
    {"context": [{"positive": 1}]},
    {"product_ids": []},
    {"product_ids": [5]},
    {"text": ""},
    {"text": 5},
    {"queries": []},
    {"queries": [{"vector": [{}]}]},
    {"url": "x" * 3000},
    {"mode": "z"},
    {"decay": "x"},
    {"facets": "x"},
    {"limit": 0},
]
ROUTES = ("similar", "recommend", "discover", "also-viewed", "text", "batch", "classify", "facets", "duplicates")


@pytest.mark.parametrize("route", ROUTES)
def test_no_message_names_what_this_is_built_with(client: TestClient, route: str) -> None:
    for body in BODIES:
        answer = client.post(f"/v1/{route}", content=json.dumps(body), headers={"content-type": "application/json"})
        if answer.status_code >= 400:
            said = [
                answer.json()["detail"],
                *(one["message"] + one["where"] for one in answer.json().get("errors", ())),
            ]
            assert not [text for text in said if FRAMEWORK.search(text)], (body, said)


FORMS = {
    "no boundary": ({"content-type": "multipart/form-data"}, form(DISPOSITIONS[0] + b"\r\n\r\n" + PHOTO)),
    "another boundary": (
        {"content-type": "multipart/form-data; boundary=x"},
        form(DISPOSITIONS[0] + b"\r\n\r\n" + PHOTO),
    ),
    "no name": (FORM, form(b"Content-Disposition: form-data\r\n\r\nx")),
    "no head": (FORM, form(b"\r\nx")),
    "a colon too few": (FORM, form(b"Content-Disposition form-data\r\n\r\nx")),
    "not ended": (FORM, form(DISPOSITIONS[0] + b"\r\n\r\n" + PHOTO)[:-8]),
    "no photo": (FORM, form(b'Content-Disposition: form-data; name="k"\r\n\r\n3')),
    "a number that is none": (
        FORM,
        form(b'Content-Disposition: form-data; name="k"\r\n\r\nx', DISPOSITIONS[0] + b"\r\n\r\nx"),
    ),
    "a file in place of a number": (
        FORM,
        form(b'Content-Disposition: form-data; name="k"; filename="a"\r\n\r\n3', DISPOSITIONS[0] + b"\r\n\r\nx"),
    ),
    "a long text": (FORM, form(b'Content-Disposition: form-data; name="k"\r\n\r\n' + b"3" * 1_100_000)),
    "many parts": (FORM, form(*[b'Content-Disposition: form-data; name="where"\r\n\r\nprice>0'] * 1001)),
    "nothing": (FORM, b""),
    "no form": (FORM, b"garbage"),
    "JSON": ({"content-type": "application/json"}, b'{"image": "x"}'),
    "text": ({"content-type": "text/plain"}, b"x"),
    "no type": ({}, b"x"),
    "a picture that is none": ({"content-type": "image/jpeg"}, b"x"),
    "an empty picture": ({"content-type": "image/jpeg"}, b""),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_cannot_be_read_is_said_plainly(client: TestClient, name: str) -> None:
    headers, content = FORMS[name]
    for path in ("similar", "classify", "duplicates"):
        answer = client.post(f"/v1/{path}/photo", content=content, headers=headers)
        said = problem_of(answer, answer.status_code)
        assert answer.status_code in (400, 415, 422)
        texts = [said.detail, *(f"{one.where}: {one.message}" for one in said.errors or ())]
        assert not [text for text in texts if FRAMEWORK.search(text)], texts


@pytest.mark.parametrize(
    "address",
    [
        "/v1/similar?product_id=P001&k=x",
        "/v1/similar?k=0",
        "/v1/similar?product_id=P001&exact=5",
        "/v1/facets?field=metal&limit=-1",
        "/v1/duplicates?tier=x",
        "/v1/decisions?limit=x",
        "/v1/pictures/x",
        "/v1/reports/nothing/report.html",
        "/v1/outliers?oddity=5",
        "/v1/similar?product_id=P001&min_score=high",
        "/v1/similar?product_id=P001&diversity=a",
    ],
)
def test_addresses_that_make_no_sense_are_said_plainly(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code >= 400
    assert not FRAMEWORK.search(answer.text), answer.text


@pytest.mark.parametrize("kind", ["application/json", "application/octet-stream", "text/plain", ""])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "with the mark of an editor"])
def test_options_may_be_a_file(client: TestClient, kind: str, mark: bytes) -> None:
    """As ``curl -F 'options=@options.json;type=application/json'`` sends them."""
    options = mark + json.dumps({"k": 2, "where": ["price>0"]}).encode()
    head = f'Content-Disposition: form-data; name="options"; filename="o.json"\r\nContent-Type: {kind}\r\n\r\n'.encode()
    photo = b'Content-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n' + PHOTO
    expected = of_products(
        client.post("/v1/similar/photo", files={"image": PHOTO}, data={"k": "2", "where": "price>0"})
    )
    assert len(expected) == 2
    for parts in ((head + options, photo), (photo, head + options)):
        assert of_products(client.post("/v1/similar/photo", content=form(*parts), headers=FORM)) == expected


def test_other_parts_may_be_files_too(client: TestClient) -> None:
    files = [("image", ("a.png", PHOTO)), ("k", ("k.txt", b"3")), ("where", ("w", b"price>0")), ("where", ("v", b""))]
    assert len(of_products(client.post("/v1/similar/photo", files=files))) == 3
    assert client.post("/v1/classify/photo", files=[files[0], ("k", ("k", b"x"))]).status_code == 422


@pytest.mark.parametrize(
    ("name", "content", "status", "words"),
    [
        ("options", b"{", 422, "body.options: is not JSON"),
        ("options", b"[]", 422, "body.options: is not a JSON object"),
        ("options", b'{"no": 1}', 422, "body.options.no: is not known here; there is: k, "),
        ("options", b'{"k": 0}', 422, "body.options.k: must be at least 1"),
        ("options", b"\xff\xfe{", 422, "body.options: must be text"),
        ("options", b" " * 1_100_000, 400, "the part 'options' is larger than 1 MB"),
        ("photo", AGAIN, 422, "body.photo: is not known here; there is: image, options"),
        ("photo", AGAIN + b" " * 1_100_000, 400, "the part 'photo' is larger than 1 MB; the photo goes into the part"),
    ],
)
def test_a_file_that_is_no_text_of_a_part(
    client: TestClient, name: str, content: bytes, status: int, words: str
) -> None:
    sent = client.post("/v1/similar/photo", files={"image": PHOTO, name: ("f", content)})
    assert words in problem_of(sent, status).detail

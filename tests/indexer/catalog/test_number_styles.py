"""Numbers as shops write them: each column is read as it was meant, or left out and asked about, never misread."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from indexer.catalog.products import Catalog
from indexer.catalog.reading import read_catalog
from indexer.errors import CatalogError
from indexer.fields.types import FieldType
from tests.shops.catalogs.catalog_folders import manifest, reasons


def shop(root: Path, columns: dict[str, list[str]], separator: str = ",", toml: str = "") -> Catalog:
    """A catalog with these columns, a product a row."""
    rows = zip(*columns.values(), strict=True)
    lines = [["product_id", "image", *columns]]
    lines += [[f"J{n}", f"{'abcd'[n % 4]}{n // 4}.jpg", *row] for n, row in enumerate(rows)]
    text = "".join(separator.join(f'"{cell}"' for cell in line) + "\n" for line in lines)
    manifest(root, text)
    for line in lines[1:]:
        (root / line[1]).write_bytes(b"x")
    (root / "catalog.toml").write_text(toml, encoding="utf-8")
    return read_catalog(root)


def column(catalog: Catalog, name: str) -> list[object]:
    return [product.fields.get(name) for product in catalog.products]


@pytest.mark.parametrize(
    ("separator", "cells", "numbers"),
    [
        (";", ["1.250", "420,00"], [1250, 420]),
        (";", ["1.234,50", "980"], [1234.5, 980]),
        (";", ["1.250.000", "1.250"], [1250000, 1250]),
        (",", ["1,234.50", "1,250"], [1234.5, 1250]),
        (",", ["1,25,000.00", "25,000"], [125000, 25000]),
        (",", ["12.50", "1,250"], [12.5, 1250]),
        (";", ["12,50", "1.250"], [12.5, 1250]),
        (";", ["1 234,50", "12 345"], [1234.5, 12345]),
        (";", ["1\N{NO-BREAK SPACE}234,50", "1\N{NARROW NO-BREAK SPACE}250"], [1234.5, 1250]),
        (";", ["1'234.50", "1'250"], [1234.5, 1250]),
        (";", ["1\N{RIGHT SINGLE QUOTATION MARK}234.50", "1.250"], [1234.5, 1.25]),
        (",", ["€ 420", "€1.99"], [420, 1.99]),
        (";", ["420,00 €", "1.250 €"], [420, 1250]),
        (";", ["EUR 420,00", "1.250,- EUR"], [420, 1250]),
        (",", ["US$ 1,250.00", "usd 12"], [1250, 12]),
        (",", ["Rs. 1,25,000", "₹ 500"], [125000, 500]),
        (";", ["CHF 1'250.\N{EN DASH}", "Fr. 90.-"], [1250, 90]),
        (",", ["-12.50", "\N{MINUS SIGN}3"], [-12.5, -3]),
        (";", ["€ -12,50", "-€ 3"], [-12.5, -3]),
        (",", ["1.250", "980"], [1.25, 980]),
        (",", ["0.250", "1.250"], [0.25, 1.25]),
        (";", ["0,250", "1,250"], [0.25, 1.25]),
        (";", ["1250.000", "1.250"], [1250, 1.25]),
        (",", ["1e3", "007"], [1000, 7]),
    ],
)
def test_a_column_says_by_itself_how_it_is_written(
    tmp_path: Path, separator: str, cells: list[str], numbers: list[float]
) -> None:
    catalog = shop(tmp_path, {"price": cells}, separator)
    assert catalog.rejects == ()
    assert column(catalog, "price") == numbers


@pytest.mark.parametrize(
    ("separator", "columns"),
    [
        (";", {"price": ["1.250", "980"]}),
        (";", {"price": ["1.250", "2.500"], "weight": ["12.5", "3.25"]}),
        ("\t", {"price": ["1.250", "980"]}),
        (",", {"price": ["1.250", "980"], "weight": ["3,5", "12,75"]}),
        (",", {"price": ["1,250", "980"]}),
        (";", {"price": ["1,250", "980"]}),
        (",", {"price": ["1,250", "980"], "weight": ["12.5", "3.25"]}),
        (";", {"price": ["1,250", "980"], "weight": ["12,5", "3,25"]}),
        (",", {"price": ["€ 1.250", "€ 980"]}),
        (",", {"price": ["1.250", "2,500"]}),
        (",", {"price": ["€ 1.250", "€ 2,500"]}),
    ],
)
def test_a_column_that_nothing_decides_is_left_out_and_asked_about(
    tmp_path: Path, separator: str, columns: dict[str, list[str]]
) -> None:
    catalog = shop(tmp_path, columns, separator)
    assert "price" not in catalog.field_table
    assert column(catalog, "price") == [None, None]
    (reason,) = [reject.reason for reject in catalog.rejects]
    assert catalog.rejects[0].where == "catalog.csv:1"
    assert "column 'price' is left out" in reason
    assert columns["price"][0] in reason
    assert '[numbers] decimal = "," or "." in catalog.toml' in reason
    for sign, value in ((".", 1250.0), (",", 1.25)):
        settled = shop(
            tmp_path, columns | {"price": ["1,250"] * 2}, separator, f'[numbers]\ndecimal = {{ price = "{sign}" }}\n'
        )
        assert column(settled, "price") == [value] * 2
    one = shop(tmp_path, {"price": ["1.250"] * 2}, separator, '[numbers]\ndecimal = ","\n')
    assert column(one, "price") == [1250.0] * 2


def test_one_slip_is_no_custom_of_the_file(tmp_path: Path) -> None:
    catalog = shop(tmp_path, {"price": ["420.00"] * 19 + ["4,20"], "weight": ["1.250"] * 20})
    assert column(catalog, "price")[-1] == 4.2
    assert column(catalog, "weight") == [1.25] * 20


def test_of_a_column_with_both_signs_what_is_sure_is_read_and_the_rest_rejected(tmp_path: Path) -> None:
    catalog = shop(tmp_path, {"price": ["12,50", "12.50", "1.250"]})
    assert column(catalog, "price") == [12.5, 12.5]
    assert "price '1.250' is 1.25 or 1250" in reasons(catalog)["catalog.csv:4"]
    catalog = shop(tmp_path, {"price": ["12,50", "12.50", "1.250"]}, toml='[numbers]\ndecimal = "."\n')
    assert column(catalog, "price") == [12.5, 1.25]
    assert "'12,50' is not a number with a decimal point, as catalog.toml wants it" in reasons(catalog)["catalog.csv:2"]


def test_prices_in_several_currencies_need_a_column_that_says_which(tmp_path: Path) -> None:
    cells = ["€ 12", "USD 15", "13 EUR"]
    (reject,) = shop(tmp_path, {"price": cells}).rejects
    assert "its currencies differ, '€ 12' in line 2 and 'USD 15' in line 3" in reject.reason
    both = shop(tmp_path, {"price": cells, "currency": ["EUR", "USD", "EUR"]})
    assert column(both, "price") == [12, 15, 13]
    assert column(shop(tmp_path, {"price": ["$ 12", "US$ 15", "13 USD"]}), "price") == [12, 15, 13]


@pytest.mark.parametrize(
    ("separator", "cells", "kind"),
    [
        (",", ["16,17", "17,18"], "keyword"),  # two sizes, as likely as a fraction
        (",", ["12,345", "67,890"], "keyword"),
        (",", ["585 750", "750"], "keyword"),  # two finenesses
        (",", ["100.200.300", "100.200.400"], "keyword"),
        (",", ["PEN 100", "PEN 200"], "keyword"),  # pendants
        (",", ["50%", "20%"], "keyword"),
        (",", ["12 mm", "14 mm"], "keyword"),
        (",", ["€ 12", "$ 15"], "keyword"),
        (",", ["12.5", "16,17"], "keyword"),
        (",", ["12.5", "1,250"], "number"),
        (",", ["1.234,50", "12,50"], "number"),
        (";", ["16,5", "17"], "number"),
        (",", ["420,00 EUR", "12 EUR"], "number"),
        (",", ["€12", "€ 1,250.00"], "number"),
        (",", ["1'234.50", "1'250"], "number"),
    ],
)
def test_what_only_looks_like_a_number_stays_text(tmp_path: Path, separator: str, cells: list[str], kind: str) -> None:
    catalog = shop(tmp_path, {"anything": cells}, separator)
    assert catalog.field_table["anything"] == kind
    if kind == "keyword":
        assert column(catalog, "anything") == cells
        forced = shop(tmp_path, {"anything": cells}, separator, '[fields]\nanything = "keyword"\n')
        assert column(forced, "anything") == cells
        assert forced.notes == ()


# ---- never another number than the shop meant --------------------------------------------------------------------

STYLES = [
    (decimal, group, before, after)
    for decimal, groups in ((".", ["", ",", " ", "'", "\N{RIGHT SINGLE QUOTATION MARK}"]), (",", ["", ".", " ", "'"]))
    for group in [*groups, "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"]
    for before, after in (("", ""), ("€ ", ""), ("", " €"), ("EUR ", ""), ("", " EUR"), ("$", ""), ("CHF ", ""))
]


def written(cents: int, places: int, style: tuple[str, str, str, str]) -> tuple[str, float]:
    """An amount of thousandths as a style writes it, with so many places after the sign, and its value."""
    decimal, group, before, after = style
    cents -= cents % 10 ** (3 - places)
    whole, part = divmod(abs(cents), 1000)
    digits = f"{whole:,}".replace(",", group)
    text = digits + (decimal + f"{part:03}"[:places] if places else "")
    return f"{'-' if cents < 0 else ''}{before}{text}{after}", cents / 1000


@settings(max_examples=100, deadline=None)
@given(
    columns=st.lists(
        st.tuples(
            st.sampled_from(STYLES),
            st.sampled_from([0, 1, 2, 2, 3]),
            st.lists(st.integers(-5_000_000_000, 5_000_000_000) | st.integers(0, 3_000_000), min_size=3, max_size=3),
        ),
        min_size=1,
        max_size=3,
    ),
    separator=st.sampled_from([",", ";", "\t"]),
    known=st.booleans(),
)
def test_no_style_of_writing_becomes_another_number(
    columns: list[tuple[tuple[str, str, str, str], int, list[int]]], separator: str, known: bool
) -> None:
    """Columns in any mixture of styles: what is read is what was meant. The one exception is documented: a column of
    nothing but ``d.ddd``, in a file that separates by commas and has no decimal comma, is written as programs write."""
    table, meant = {}, {}
    for number, (style, places, amounts) in enumerate(columns):
        name = ("price", "weight", "length")[number] if known else f"column_{number}"
        pairs = [written(amount, places, style) for amount in amounts]
        table[name], meant[name] = [text for text, _ in pairs], [value for _, value in pairs]
        as_programs = all(_is_short(text) or text.lstrip("-").isdigit() for text in table[name])
        assume(not (as_programs and style[1] == "." and any(map(_is_short, table[name]))))
    with tempfile.TemporaryDirectory() as folder:
        toml = "".join(f'{name} = "number"\n' for name in table) if known else ""
        catalog = shop(Path(folder), table, separator, f"[fields]\n{toml}")
        if not catalog.products:
            return
        for name, values in meant.items():
            kind = catalog.field_table.get(name)
            got = column(catalog, name)
            rejected = {reject.product_id for reject in catalog.rejects}
            values = [value for n, value in enumerate(values) if f"J{n}" not in rejected]
            assert kind is not None or got == [None] * len(got)
            if kind is FieldType.NUMBER:
                assert got == values, (table, separator)
            elif kind is FieldType.KEYWORD:
                assert got == [text for n, text in enumerate(table[name]) if f"J{n}" not in rejected]


def _is_short(text: str) -> bool:
    head, _, tail = text.lstrip("-").partition(".")
    return 1 <= len(head) <= 3 and head.isdigit() and len(tail) == 3 and tail.isdigit()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[numbers]\ndecimal = ';'\n", "'decimal' in [numbers] is ';'; a decimal sign is \".\" or \",\""),
        ("[numbers]\ndecimal = { price = 'x', weight = 3 }\n", "'price' in [numbers] is 'x'"),
        ("[numbers]\nprice = ','\n", "[numbers] has 'price', which is not known here; it holds decimal"),
        ("[numbers]\ndecimal = { size = ',' }\n", "field 'size' is not a column of catalog.csv"),
        ("numbers = 3\n", "'numbers' is not known here"),
    ],
)
def test_signs_that_do_not_fit(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(CatalogError) as caught:
        shop(tmp_path, {"price": ["1"]}, toml=content)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)

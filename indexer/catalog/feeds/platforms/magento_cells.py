"""What stands in the cells of a Magento export: attributes in one cell, paths of categories, pictures, and the columns
that every shop has."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

DATES = (
    *("special_price_from_date", "special_price_to_date", "created_at", "updated_at", "new_from_date", "new_to_date"),
    *("custom_design_from", "custom_design_to"),
)
"""Columns of dates: a program writes all of them in one way."""
_SYSTEM = (
    *("attribute_set_code", "product_websites", "description", "short_description", "weight", "tax_class_name"),
    *("url_key", "meta_title", "meta_keywords", "meta_description", "base_image_label", "small_image_label"),
    *("thumbnail_image_label", "swatch_image", "swatch_image_label", "additional_image_labels", "custom_design"),
    *("display_product_options_in", "map_price", "msrp_price", "map_enabled", "gift_message_available"),
    *("custom_layout_update", "page_layout", "product_options_container", "msrp_display_actual_price_type"),
    *("out_of_stock_qty", "use_config_min_qty", "is_qty_decimal", "use_config_backorders", "min_cart_qty"),
    *("use_config_min_sale_qty", "max_cart_qty", "use_config_max_sale_qty", "notify_on_stock_below"),
    *("use_config_notify_stock_qty", "use_config_qty_increments", "qty_increments", "use_config_enable_qty_inc"),
    *("enable_qty_increments", "is_decimal_divided", "website_id", "deferred_stock_update", "allow_backorders"),
    *("use_config_deferred_stock_update", "custom_options", "configurable_variation_labels", "associated_skus"),
    *("configurable_variation_prices", "downloadable_links", "downloadable_samples", "country_of_manufacture"),
)
_SYSTEM_KINDS = ("bundle_", "related_", "crosssell_", "upsell_", "giftcard_", "gift_wrapping_", "_")
OF_EVERY_PRODUCT = frozenset(
    {
        "has_options",
        "required_options",
        "quantity_and_stock_status",
        "options_container",
        "image_label",
        "is_returnable",
    }
    | {"small_image_label", "thumbnail_label", "swatch_image", "gift_message_available", "gift_wrapping_available"}
    | {"shipment_type", "links_exist", "links_title", "links_purchased_separately", "samples_title", "tax_class_id"}
    | {"price_type", "price_view", "sku_type", "weight_type", "page_layout", "custom_layout", "custom_design"}
    | {"msrp", "msrp_display_actual_price_type", "category_ids", "url_path", "old_id", "cost", "price", "sku"}
)
"""Attributes that stand beside those that describe a product."""
_MEDIA = ("pub/media/catalog/product", "media/catalog/product", "catalog/product")
"""Where pictures lie below the folder of a shop; an export names them from there on."""
_NO_IMAGE = "no_selection"
_PAIR = re.compile(r"\s*([A-Za-z]\w*)=(.*)\Z", re.DOTALL | re.ASCII)


def own_columns(names: Iterable[str], known: Collection[str]) -> dict[int, str]:
    """Where the columns of a shop's own attributes are, which some exports have beside those of every shop."""
    others = {*_SYSTEM, *DATES, *known}
    return {
        at: name for at, name in enumerate(names) if name and name not in others and not name.startswith(_SYSTEM_KINDS)
    }


def pairs(text: str) -> dict[str, str]:
    """``color=Black,size=XS`` by code; a comma may stand in a value, quoted or not."""
    found: dict[str, str] = {}
    code = ""
    for part in text.split(","):
        match = _PAIR.match(part)
        if match and not found.get(code, "").count('"') % 2:
            code = match[1]
            found[code] = match[2]
        elif code:
            found[code] += f",{part}"
    return {code: _unquoted(value.strip()) for code, value in found.items()}


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value.startswith('"') and value.endswith('"')
    return value[1:-1].replace('""', '"').strip() if is_quoted else value


class Paths:
    """Reads cells of categories, in which a comma separates paths, and stands in names.

    Args:
        cells: all of them; they show what the roots are called, of which each path begins with one.
    """

    def __init__(self, cells: Iterable[str]) -> None:
        roots = {text.split("/")[0].split(",")[0].strip() for text in cells if "/" in text}
        names = "|".join(map(re.escape, sorted(roots, key=len, reverse=True)))
        self._between = re.compile(rf",\s*(?=(?:{names})(?:/|,|\Z))" if names else ",")

    def read(self, text: str) -> list[list[str]]:
        """The paths below their roots."""
        paths = text.split("|") if "|" in text else self._between.split(text)
        ways = [re.split(r"(?<!\\)/", path) for path in paths]
        return [[part.replace("\\/", "/").strip() for part in way[1:]] for way in ways if len(way) > 1]


class Pictures:
    """Reads cells of pictures.

    Args:
        folder: where the export lies: among the pictures, or at the top of the shop whose pictures they are.
    """

    def __init__(self, folder: Path) -> None:
        self._below = next((f"{place}/" for place in _MEDIA if (folder / place).is_dir()), "")

    def read(self, text: str) -> list[str]:
        """Their names below the folder; addresses as they are."""
        names = [name.strip() for name in text.split("|" if "|" in text else ",")]
        kept = [name for name in names if name and name != _NO_IMAGE]
        return [name if "://" in name else f"{self._below}{name.lstrip('/')}" for name in kept]

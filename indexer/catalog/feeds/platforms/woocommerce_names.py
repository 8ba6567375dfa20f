"""The names of columns in WooCommerce's product CSV, which are in the language of the shop; values are not."""

from __future__ import annotations

import re

from indexer.catalog.tables.table import Header

NAMES = {
    "id": ("ID",),
    "type": ("Type", "Typ", "Tipo"),
    "sku": ("SKU", "Artikelnummer", "UGS"),
    "gtin": ("GTIN, UPC, EAN, or ISBN", "GTIN, UPC, EAN oder ISBN", "GTIN, UPC, EAN ou ISBN", "GTIN, UPC, EAN o ISBN"),
    "name": ("Name", "Nom", "Nombre", "Naam"),
    "published": ("Published", "Veröffentlicht", "Publié", "Publicado", "Gepubliceerd"),
    "visibility": (
        *("Visibility in catalog", "Sichtbarkeit im Katalog", "Visibilité dans le catalogue"),
        *("Visibilidad en el catálogo", "Zichtbaarheid in catalogus"),
    ),
    "starts": (
        *("Date sale price starts", "Datum, an dem Angebotspreis beginnt", "Datum, an dem der Angebotspreis beginnt"),
        *("Date de début de promo", "Día en que empieza el precio rebajado", "Startdatum actieprijs"),
    ),
    "ends": (
        *("Date sale price ends", "Datum, an dem Angebotspreis endet", "Datum, an dem der Angebotspreis endet"),
        *("Date de fin de promo", "Día en que termina el precio rebajado", "Einddatum actieprijs"),
    ),
    "in stock": ("In stock?", "Vorrätig?", "En stock ?", "¿En inventario?", "¿Existencias?", "Op voorraad?"),
    "stock": ("Stock", "Lager", "Inventario", "Voorraad"),
    "sale price": ("Sale price", "Angebotspreis", "Tarif promo", "Precio rebajado", "Actieprijs"),
    "price": ("Regular price", "Regulärer Preis", "Tarif régulier", "Precio normal", "Reguliere prijs"),
    "categories": ("Categories", "Kategorien", "Catégories", "Categorías", "Categorieën"),
    "tags": ("Tags", "Schlagwörter", "Étiquettes", "Etiquetas"),
    "brands": ("Brands", "Marken", "Marques", "Marcas", "Merken"),
    "images": ("Images", "Bilder", "Imágenes", "Afbeeldingen"),
    "parent": ("Parent", "Übergeordnetes Produkt", "Superior", "Hoofd"),
    "url": ("External URL", "Externe URL", "URL externe", "URL externa"),
}
"""By our words: English, German, French, Spanish and Dutch."""
_ATTRIBUTE = re.compile(
    r"(?=.*(?:attribut|atributo|eigenschap))"
    r"(?=.*\b(?:(?P<name>name|nom|nombre|naam)|(?:value|wert|valeur|valor|waarde))\b)"
    r"\D*(?P<number>\d+)\D*\Z",
    re.IGNORECASE,
)
"""``Attribute 1 name`` and ``Attribute 1 value(s)``, ``Valeur(s) de l'attribut 1`` and the like."""


def attributes(header: Header) -> list[tuple[int, int]]:
    """Where the names and where the values of attributes stand."""
    names, values = dict[str, int](), dict[str, int]()
    for position, written in enumerate(header.names):
        if match := _ATTRIBUTE.match(written):
            (names if match["name"] else values)[match["number"]] = position
    return [(position, values[number]) for number, position in names.items() if number in values]

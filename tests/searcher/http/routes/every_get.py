"""Every route that has GET, with an address that it answers with 200."""

from __future__ import annotations

ADDRESSES = {
    "/": "/",
    "/review": "/review",
    "/favicon.ico": "/favicon.ico",
    "/static/{name:path}": "/static/page/main.js",
    "/livez": "/livez",
    "/readyz": "/readyz",
    "/metrics": "/metrics",
    "/openapi.json": "/openapi.json",
    "/v1/similar": "/v1/similar?product_id=P001&k=3",
    "/v1/facets": "/v1/facets?field=category",
    "/v1/products/{product_id:path}": "/v1/products/P001",
    "/v1/pictures/{sha256}": "/v1/pictures/FIRST",
    "/v1/reports": "/v1/reports",
    "/v1/reports/model/{name}": "/v1/reports/model/report.html",
    "/v1/reports/{kind}/{name}": "/v1/reports/duplicates/report.csv",
    "/v1/duplicates": "/v1/duplicates",
    "/v1/duplicates/pictures/{sha256}": "/v1/duplicates/pictures/FIRST",
    "/v1/duplicates/difference": "/v1/duplicates/difference?first=FIRST&second=SECOND",
    "/v1/mislabels": "/v1/mislabels",
    "/v1/outliers": "/v1/outliers",
    "/v1/clusters": "/v1/clusters",
    "/v1/decisions": "/v1/decisions",
    "/v1/admin/status": "/v1/admin/status",
}
"""Of each route an address that it answers with 200; FIRST and SECOND are photos of the report of duplicates."""


def answered(first: str, second: str) -> dict[str, str]:
    """The addresses by route, with the sha256 of two photos of a group of the report of duplicates."""
    return {route: path.replace("FIRST", first).replace("SECOND", second) for route, path in ADDRESSES.items()}

"""The HTTP service: `app` makes it, `serve` runs it, `routes_*` answer; it needs the extra ``serve``."""

"""The HTTP service: `app` makes it, `serve` runs it, `routes` answer; it needs the extra ``serve``."""

"""The fields of a point: their types, who writes them, and how an id is made."""

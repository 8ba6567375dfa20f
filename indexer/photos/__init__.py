"""Photos: how one is opened safely, what it is known by, and how it is fetched from an address."""

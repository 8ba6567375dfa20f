"""Photos are embedded apart from any index, into shards: on one machine, or on many at once."""

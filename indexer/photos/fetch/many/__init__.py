"""Photos behind URLs for syncs: thousands every night, from hosts that are slow, strict or down, kept on the disk."""

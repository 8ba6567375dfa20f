"""What a shop adds to likeness: boosts, caps, diversity, presets, and which filters to drop when too few pass."""

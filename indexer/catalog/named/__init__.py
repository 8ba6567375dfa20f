"""What a name in a manifest means: a photo of the catalog, one that cannot be looked at now, or none."""

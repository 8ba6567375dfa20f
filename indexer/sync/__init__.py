"""Keeping an index in step with a catalog: plan, pipeline, payload, journal."""

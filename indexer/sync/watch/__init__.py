"""An index kept in step with a catalog for as long as a process runs: what changed is noticed, and synced."""

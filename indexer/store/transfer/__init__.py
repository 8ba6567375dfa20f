"""Moving an index: between engines, to tables and back, as snapshots."""

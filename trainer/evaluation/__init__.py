"""How good it is: measures on held-out photos, calibration, the table."""

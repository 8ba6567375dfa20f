"""Which photos show the same thing: copies, pictures that many products share, and what no split may cut."""

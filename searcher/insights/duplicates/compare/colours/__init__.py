"""How the colours of one picture become those of another."""

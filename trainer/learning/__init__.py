"""How it learns: objectives, recipes, the loop."""

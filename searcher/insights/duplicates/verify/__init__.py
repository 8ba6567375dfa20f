"""From measures of a pair to a verdict."""

"""What can be said of a whole catalog: doubtful categories, outliers, clusters, duplicates."""

"""Clusters of products that look alike, their names and their map."""

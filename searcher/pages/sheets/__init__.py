"""What each kind of report shows, as cards and tables."""

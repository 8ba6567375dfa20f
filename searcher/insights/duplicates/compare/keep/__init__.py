"""Which of several copies is kept."""

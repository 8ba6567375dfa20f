"""Who may ask, how often, and how much may be sent."""

"""How the server engine meets faults of the wire; everything here talks to loopback alone."""

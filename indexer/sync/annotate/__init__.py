"""What is written into the payload between syncs: what is viewed together, clusters."""

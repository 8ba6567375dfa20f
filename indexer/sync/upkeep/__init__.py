"""What a sync does for the index beside its work: use what damage left, clear away what nobody needs."""

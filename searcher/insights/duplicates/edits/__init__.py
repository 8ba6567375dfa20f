"""Copies as people make them: crops, stamps, cutouts, other colours. The verifier learns from these."""

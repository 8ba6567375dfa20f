"""Colours of photos: any file as sRGB, and how much of which colour a photo shows."""

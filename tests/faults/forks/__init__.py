"""Processes that fork while their threads are at work."""

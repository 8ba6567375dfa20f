"""Questions: what can be asked, of which examples, with which options."""

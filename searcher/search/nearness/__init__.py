"""What is near to what was written: words, ids and values that a mistyped one was meant to be."""

"""From a question to an answer: examples read, candidates found, ranked, explained."""

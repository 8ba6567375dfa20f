"""The exports of shop platforms and of Google's product search: what a person reads from each becomes rows."""

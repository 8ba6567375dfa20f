"""From pairs to groups, and from groups to what a report says of them."""

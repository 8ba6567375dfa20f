"""Which labels of photos are probably wrong: judged by a classifier and by neighbours that did not see them."""

"""Why a filter passes no product, for people. Asked where nothing passed."""

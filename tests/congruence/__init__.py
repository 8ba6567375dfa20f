"""The congruence suite: every engine must give the judge's answer."""

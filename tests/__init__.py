"""Tests, one folder per package; a package itself, so that test files of the same name can stand side by side."""

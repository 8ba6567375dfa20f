"""Reports on a whole catalog as files: JSON for programs, CSV for spreadsheets, one self-contained page for people."""

"""Pages and files that people look at: reports, contact sheets, spreadsheets."""

"""Music made for the artworks of a test, judged: settings, clips, scores, tables and the report."""

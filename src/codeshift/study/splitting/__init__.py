"""The splits of a study: all rows stand in one table, which each split seed and scenario divides."""

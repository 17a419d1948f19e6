"""The folder of a study: its paths, what is read and written in it, and its locks."""

"""What makes files that the library carries: run from the root of the repository, outside of the wheel."""

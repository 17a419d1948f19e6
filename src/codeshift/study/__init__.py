"""Studies: scenarios, methods and seeds in one call, and a report of what was found."""

"""The doing of a plan: jobs, given to workers by a scheduler."""

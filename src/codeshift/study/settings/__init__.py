"""The settings of a study, checked: its spec, the keys of its runs, and what a trainer and an evaluator are given."""

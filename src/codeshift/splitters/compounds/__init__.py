"""Compound divergence: rows whose pairs of parts are rare elsewhere, while their parts are not.

`parts` counts the parts of programs, `divergence` measures how far two sets of programs differ in them, `search` holds
pairs out, and `splitter` is the recipe.
"""

"""Compound divergence: rows whose pairs of parts are rare elsewhere, while their parts are not.

`parts` counts what programs are made of, `divergence` measures how far two sets of programs differ in it, `search`
holds pairs out, and `splitter` is the recipe.
"""

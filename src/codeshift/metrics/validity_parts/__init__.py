"""Parts of syntactic validity: Python as CPython reads it, Python 2, and the shells of the other languages."""

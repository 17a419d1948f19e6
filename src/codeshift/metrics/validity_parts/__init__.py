"""Parts of syntactic validity: CPython's parser for Python, Python 2, and the shells of the other languages."""

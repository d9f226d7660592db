"""Docstrings, documentation and comments as sentences, and the candidates that quote them."""

"""Pathline: answers about a repository whose every sentence carries a verified `path:line`."""

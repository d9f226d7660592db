"""Listings of all things of a kind in the workspace, for questions that ask for them."""

"""Tests that drive real editors; `setup_editors.py` installs them."""

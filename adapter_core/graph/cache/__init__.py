"""The content of the user's cache folder, and its removal."""

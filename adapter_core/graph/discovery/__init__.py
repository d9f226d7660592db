"""Which files are indexed, and the source roots for imports."""

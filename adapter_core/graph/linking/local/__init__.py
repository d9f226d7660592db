"""What one file says by itself: its symbol table, its expressions, which bindings reach a position, its implicit operations."""

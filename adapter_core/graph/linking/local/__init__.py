"""What one file tells by itself: its facts by name, its expressions, which bindings may hold at a place, what runs there without a call."""

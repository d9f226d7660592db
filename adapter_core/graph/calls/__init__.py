"""Calls and callers: queried (`call_sites`), linked in advance (`linkpass`), stored (`linkstore`) and looked up (`links`)."""

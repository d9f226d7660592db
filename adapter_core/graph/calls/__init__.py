"""Calls and callers: asked for (`call_sites`), worked out beforehand (`linkpass`), kept (`linkstore`) and looked up again (`links`)."""

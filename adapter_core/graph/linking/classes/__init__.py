"""Classes: what they are built on and what is built on them, their attributes, and who else puts some there. `attributes` is the door."""

"""What lies in the user's cache folder, and what of it may go."""

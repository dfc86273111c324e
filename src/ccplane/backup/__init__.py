"""A copy of all that ccplane knows, in one file, and a fresh place made of it (decision 14)."""

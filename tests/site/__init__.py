"""The operator's files: what they say, and what is said when they are wrong."""

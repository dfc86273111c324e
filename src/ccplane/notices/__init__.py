"""Tells people and services that a message was left."""

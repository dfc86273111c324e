"""Contacts and offers: their facts, their state tables, and how one contact evolves. Pure."""

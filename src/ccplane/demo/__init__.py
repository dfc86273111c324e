"""A day of a contact centre in a few minutes, played with real SIP and RTP against a real plane: `make demo`.

What people do is drawn from tables (`people.py`) by a seed; what comes of it is the plane's doing, and read from its
API. Nothing of the plane knows that it is a demo.
"""

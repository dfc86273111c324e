"""ccplane: a contact-centre control plane for Asterisk."""

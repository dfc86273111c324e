"""How fast a call finds its agent: the plane, app_queue and a bare ARI loop, same phones, same calls, one run."""

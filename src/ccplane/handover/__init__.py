"""A plane starts its own successor, which takes its place between two events of the switch; no caller notices.

    plane                                             successor
    starts it, with a line between the two ────────▶  reads the site, renders, asks Postgres: all that takes time
    keeps a checkpoint               ◀── prepared ──
                                     ─────── go ───▶  takes the application: from here on, events wait with it
    decides what came before that,   ◀── connected ─
    stops deciding, leaves the outbox
                                     ──── yours ────▶  opens the outbox, recalls, begins its epoch,
                                     (and the port)   decides what waited, routes
    ends                             ◀──── routes ──

Whatever goes wrong before `yours`: the plane takes its application back, and goes on as if nothing had been; the
successor says why if it can (`failed`, instead of any other word). Whatever goes wrong after it: a plane is started as
after any crash.
"""

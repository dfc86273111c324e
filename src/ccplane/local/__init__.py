"""`make run`: everything on one machine, in the foreground, and nothing left when it ends.

What the settings don't name is started here: a private Asterisk, an embedded Postgres, then the plane as a child
(`python -m ccplane run`). A part that dies is started again, with a pause that grows; calls that are up don't notice a
plane or a database that died. Ctrl-C, SIGTERM and a closed terminal end all of it in order; a second Ctrl-C at once.

However this process ends, even by kill -9, the kernel ends its children, and the next start finds and ends what might
still be there. A file lock, which goes with the process, keeps a second instance away.
"""

"""The guard of a node: one small process that needs nothing but AMI and the node's queue_log, for the day on which
ccplane does not come back.

`watch` says when that day is, `whom` who is to be carried, `guard` carries them, `check` tells people how it is.
`queue_log` and `shipping` tell ccplane afterwards what became of them.
"""

"""The guard of a node: one small process that needs nothing but AMI and the node's queue_log."""

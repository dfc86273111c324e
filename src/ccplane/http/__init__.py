"""The edge towards people and their tools. It sees published snapshots and posts inputs, and nothing else."""

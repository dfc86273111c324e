"""The same routing engine on a virtual clock: what would happen if.

Time is milliseconds from the opening, an integer; chance comes from `random.Random` with a seed that is given.
"""

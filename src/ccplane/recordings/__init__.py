"""What the switch recorded becomes what is kept: a process that converts at low priority, and who leads it."""

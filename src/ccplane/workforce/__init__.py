"""Numbers of agents' time, of cost and of first contacts: of some days, by agent, team or site."""

"""Figures from outside: schedules, paid hours, headcount, cost and open seats, judged whole and taken over whole."""

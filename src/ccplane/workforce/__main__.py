"""`python -m ccplane.workforce`: figures, in a process of their own."""

from ccplane.workforce.process import main

main()

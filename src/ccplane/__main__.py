"""`python -m ccplane` is `ccplane`."""

from ccplane.cli import main

main()

"""`python -m grafito` is the command `grafito`."""

from grafito.cli import main

if __name__ == "__main__":
    main()

"""`python -m copilot`, for where the console script is not on the path."""

from copilot.cli import main

if __name__ == "__main__":
    main()

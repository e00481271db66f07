"""`python -m matteline`: the command, where no script is on PATH."""

from matteline.cli.main import main

if __name__ == "__main__":
    main()

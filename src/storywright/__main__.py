"""`python -m storywright` is `storywright`."""

from storywright.cli import main

if __name__ == "__main__":
    main()

"""Make everything under results, in order; what is unchanged comes from the cache."""

from reproml.cli.reproduce import start

if __name__ == "__main__":
    start()

"""Make everything under results, in order; what is unchanged comes from the cache."""

from reproml.cli.verbs import start_verb

if __name__ == "__main__":
    start_verb("reproduce")

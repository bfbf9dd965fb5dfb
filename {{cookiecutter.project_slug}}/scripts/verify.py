"""Make every result again, elsewhere and without cache, and compare it with what is committed."""

from reproml.cli.verbs import start_verb

if __name__ == "__main__":
    start_verb("verify")

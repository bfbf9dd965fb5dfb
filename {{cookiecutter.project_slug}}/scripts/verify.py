"""Make every result again, elsewhere and without cache, and compare it with what is committed."""

from reproml.cli.verify import start

if __name__ == "__main__":
    start()

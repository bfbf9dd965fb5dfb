"""Draw every figure from the result files; with --format pdf, those of the paper."""

from reproml.cli.figures import main, start

__all__ = ["main"]

if __name__ == "__main__":
    start()

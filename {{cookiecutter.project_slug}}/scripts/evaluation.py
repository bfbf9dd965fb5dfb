"""Open the locked test rows, once: score the finished models on rows that nothing has seen."""

from reproml.run.start import start


def main(run, again=False):
    """Write evaluation.csv, predictions.csv and what is made of them; record the opening."""
    models = run.models()
    openings = run.open_test_rows(again)  # refuses another model before anything is fitted
    predictions = run.predict_test_rows(models, openings)  # on record before any score is
    scores = run.score_test_rows(predictions)

    run.write("evaluation.csv", scores)
    run.write_predictions("predictions.csv", predictions)
    run.write_errors(predictions)

    run.tell_test_scores(scores, openings)
    run.tell_written()


if __name__ == "__main__":
    start(main, __doc__, again="open the test rows for another model; it is counted")

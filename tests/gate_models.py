"""Models that have to be refused: `tools/gates.py` appends this file to a study's models.py."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, Ridge, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

STUDY = Path(__file__).parents[2]


def raw_file():
    """Read the raw file, which no model may do."""
    return pd.read_csv(next(STUDY.glob("data/raw/*.csv")))


def scaled(*steps):
    return Pipeline([("scale", StandardScaler()), *steps])


class NoNumber(LogisticRegression):
    def predict_proba(self, X):
        said = super().predict_proba(X)
        said[0] = np.nan
        return said


def nan_predictions(task):
    return scaled(("model", NoNumber()))


def no_probability(task):
    return scaled(("model", RidgeClassifier()))


def bare_svc(task):
    return scaled(("model", SVC()))


def a_regressor(task):
    return scaled(("model", Ridge()))


class Peeking(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        raw_file()
        return super().fit(X, y)


def reads_the_file_in_fit(task):
    return scaled(("model", Peeking()))


class ReadsAnother(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        (STUDY / "README.md").read_bytes()
        return super().fit(X, y)


def reads_another_file(task):
    return scaled(("model", ReadsAnother()))


class AsksTheNetwork(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        socket.create_connection(("127.0.0.1", 9))
        return super().fit(X, y)


def asks_the_network(task):
    return scaled(("model", AsksTheNetwork()))


class StartsAProgram(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        subprocess.run(["git", "status"], check=False)
        return super().fit(X, y)


def starts_a_program(task):
    return scaled(("model", StartsAProgram()))


def reads_the_file_when_built(task):
    return scaled(("model", LogisticRegression(C=len(raw_file()) / 1000)))


class CentredLate(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X - X.mean()


def learns_while_predicting(task):
    return Pipeline([("centre", CentredLate()), *scaled(("model", LogisticRegression())).steps])


def scaled_outside(task):
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 30)))
    scaler = StandardScaler().fit(rows.to_numpy())
    return Pipeline(
        [("scale", FunctionTransformer(scaler.transform)), ("model", LogisticRegression())]
    )


class Unseeded(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        noise = np.random.default_rng().normal(size=np.shape(X))
        return super().fit(X + noise, y)


def not_repeatable(task):
    return scaled(("model", Unseeded()))


class Dying(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        os.kill(os.getpid(), signal.SIGKILL)


def dies(task):
    return scaled(("model", Dying()))


class Failing(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        raise ValueError("no such solution")


def fails(task):
    return scaled(("model", Failing()))


def own_function(task):
    log = FunctionTransformer(lambda X: np.log1p(X))
    return Pipeline([("log", log), *scaled(("model", LogisticRegression())).steps])


def searches_twice(task):
    inner = scaled(("model", LogisticRegressionCV()))  # hands its folds an array, without row names
    grid = {"model__fit_intercept": [True, False]}
    return Pipeline([("search", GridSearchCV(inner, grid, error_score="raise"))])

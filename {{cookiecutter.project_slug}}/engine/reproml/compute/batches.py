"""Ask about many variants of the same rows together, which is ten times faster than one by one.

What a library does before it begins takes longer than a few hundred rows. A model's answer for a
row does not depend on the other rows, but its last bits may, where a matrix is multiplied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from .threads import one_thread

BATCH = 20_000  # rows that are asked about at once, of tables of up to 500 columns
CELLS = 10_000_000  # and of wider tables: 80 MB
FEWEST, TRIED = 20, 100  # rows that show what depends on which feature
TRIED_CELLS = 100_000  # fewer rows of a table of more than 1,000 columns
PROBED = 50_000_000  # cells that are asked about where each feature has to be tried alone
ROUNDING = 1e-9  # of a column's largest value: smaller differences are no change


Ask = Callable[[pd.DataFrame], Any]  # an array, a table or a sparse matrix with a row for each


def answers_to_moved(
    ask: Ask,
    X: pd.DataFrame | np.ndarray,
    moves: Iterable[tuple[Any, np.ndarray]],
    source: pd.DataFrame | np.ndarray | None = None,
) -> Iterator[np.ndarray]:
    """Yield what a model or its steps say when the values of some columns change places.

    A move is the columns, and for each row the position of the row whose values it gets; that is a
    row of ``source``, where there is one.

    >>> X = pd.DataFrame({"dose": [1.0, 2.0], "age": [30.0, 40.0]})
    >>> moves = [([], np.array([0, 1])), (["dose"], np.array([1, 0]))]
    >>> [said.tolist() for said in answers_to_moved(lambda X: X, X, moves)]
    [[[1.0, 30.0], [2.0, 40.0]], [[2.0, 30.0], [1.0, 40.0]]]
    """
    source = X if source is None else source
    if isinstance(X, np.ndarray):
        named = (pd.DataFrame(one) for one in (X, source))
        yield from answers_to_moved(lambda rows: ask(rows.to_numpy()), next(named), moves, *named)
        return
    kinds = [X.columns[X.dtypes == kind] for kind in X.dtypes.unique()]
    kinds = [(X[names], source[names].to_numpy().T) for names in kinds]
    for part in _parts(moves, X.shape):
        tables = [_moved(table, values, part) for table, values in kinds]
        moved = tables[0] if len(tables) == 1 else pd.concat(tables, axis=1)[X.columns]
        yield from _asked(ask, moved, len(part))


def _moved(X: pd.DataFrame, source: np.ndarray, part: list[tuple[Any, np.ndarray]]) -> pd.DataFrame:
    """Return a copy of the rows for each move; of columns of one type, all are moved at once."""
    values = np.tile(X.to_numpy().T, len(part))  # (n_columns, n_rows * n_moves)
    for number, (columns, order) in enumerate(part):
        at = X.columns.get_indexer(columns)
        at = at[at >= 0]
        values[at, number * len(X) : (number + 1) * len(X)] = source[np.ix_(at, order)]
    return pd.DataFrame(values.T, columns=X.columns, dtype=X.dtypes.iloc[0], copy=False)


def made_of(ask: Ask, X: pd.DataFrame) -> np.ndarray:
    """Tell for each column that comes out which feature it is made of, (n_columns,).

    The feature's position; -1 of none, or of one with a single value; -2 of several. For each
    binary digit of the positions, the features that have it change places, then all others.

    >>> X = pd.DataFrame({"dose": [1.0, 2.0], "age": [30.0, 40.0]})
    >>> made_of(lambda X: X.assign(ratio=X["dose"] / X["age"], one=1.0), X).tolist()
    [0, 1, -2, -1]
    """
    X = X.iloc[_telling_rows(ask, X)]
    digits = np.arange(max(1, (X.shape[1] - 1).bit_length()))[:, None]
    with_it = (np.arange(X.shape[1]) >> digits) & 1 == 1  # (n_digits, n_features)
    halves = np.stack([with_it, ~with_it], axis=1).reshape(-1, X.shape[1])
    places = np.arange(len(X))
    moves = [([], places), *((X.columns[half], np.roll(places, 1)) for half in halves)]
    said = answers_to_moved(ask, X, moves)  # one at a time: all of them may be large
    before = next(said)
    changed = np.array([_changed(before, after) for after in said])
    changed = changed.reshape(len(digits), 2, -1)  # (n_digits, 2, n_columns)
    one = (changed.sum(axis=1) == 1).all(axis=0)
    position = (changed[:, 0] << digits).sum(axis=0)
    return np.where(one, position, np.where(changed.any(axis=(0, 1)), -2, -1))


def features_used(ask: Ask, X: pd.DataFrame) -> list[str]:
    """Name the features that anything of what comes out depends on.

    Where columns are made of several, each feature without a column of its own is set to another
    value; of a table of many columns in few rows.

    >>> X = pd.DataFrame({"dose": [1.0, 2.0], "age": [30.0, 40.0], "site": ["a", "b"]})
    >>> features_used(lambda X: X[["dose"]].assign(ratio=X["dose"] / X["age"]), X)
    ['dose', 'age']
    """
    made = made_of(ask, X)
    used = {X.columns[position] for position in made if position >= 0}
    if -2 in made:
        rest = [name for name in X if name not in used]
        most = int(np.clip(PROBED // (X.shape[1] * len(rest) or 1), 1, TRIED))
        few = X.iloc[np.linspace(0, len(X) - 1, min(most, len(X))).astype(int)]
        values = X.to_numpy()
        others = _differs(values, values[:1]).argmax(axis=0)  # rows with another than the first
        moves = (([name], np.full(len(few), others[X.columns.get_loc(name)])) for name in rest)
        said = answers_to_moved(ask, few, chain([([], np.arange(len(few)))], moves), X)
        before = next(said)
        used |= {
            name for name, after in zip(rest, said, strict=True) if _changed(before, after).any()
        }
    return [name for name in X if name in used]


def _parts(things: Iterable[Any], shape: tuple[int, int]) -> Iterator[list[Any]]:
    things, rows = iter(things), min(BATCH, CELLS // max(1, shape[1]))
    while part := list(islice(things, max(1, rows // shape[0]))):
        yield part


def _telling_rows(ask: Ask, X: pd.DataFrame) -> np.ndarray:
    """Return evenly spaced rows, and more: each column that varies, going in or out, does there."""
    tried = int(np.clip(TRIED_CELLS // X.shape[1], FEWEST, TRIED))
    few = np.linspace(0, len(X) - 1, min(tried, len(X))).astype(int)
    for table in [X.to_numpy(), *_asked(ask, X, 1)] if len(few) < len(X) else []:
        differs = _differs(table, table[:1])
        few = np.union1d(few, differs[:, ~differs[few].any(axis=0)].argmax(axis=0))
    return few


def _asked(ask: Ask, rows: pd.DataFrame, n_parts: int) -> list[np.ndarray]:
    with one_thread():  # the same bits on any number of cores
        said = ask(rows)
    return np.split(said.toarray() if sparse.issparse(said) else np.asarray(said), n_parts)


def _differs(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return ~((one == other) | (pd.isna(one) & pd.isna(other)))


def _changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    if before.dtype.kind != "f":
        return _differs(after, before).any(axis=0)
    size = np.max(np.abs(before), axis=0, initial=0.0, where=np.isfinite(before))
    return ~np.isclose(after, before, rtol=0.0, atol=ROUNDING * size, equal_nan=True).all(axis=0)

"""What may stand in a model file: a closed list, and the audit of a file against it.

skops restores only types that it trusts, but it trusts hundreds by default. Here the list is closed
and frozen: per model, what its own file needs and nothing else. An entry is skops' word for how a
thing is restored, then the thing's full name. A model of your own needs an entry in ``ALLOWED``;
`audit` names what is missing. Add a type only if you know what restoring it does: a class whose
``__setstate__`` or constructor runs commands or opens files makes the file a program.
"""

from __future__ import annotations

from typing import Any

from ..config.study import StudyError
from .modelfile import refused, schema_of

PACKAGE = __name__.rpartition(".")[0]

PLAIN = frozenset(
    {
        "DictNode builtins.dict",
        "JsonNode builtins.str",  # text, numbers, True, False and None
        "ListNode builtins.list",
        "NdArrayNode numpy.bool",
        "NdArrayNode numpy.float64",
        "NdArrayNode numpy.int64",
        "NdArrayNode numpy.ndarray",
        "TupleNode builtins.tuple",
        "TypeNode builtins.str",
    }
)
PREPARED = PLAIN | {  # what `prepare` in models.py puts before a model
    f"ObjectNode {PACKAGE}.models.ColumnSubset",
    "DTypeNode numpy.dtype",
    "ObjectNode sklearn.compose._column_transformer.ColumnTransformer",
    "ObjectNode sklearn.compose._column_transformer.make_column_selector",
    "ObjectNode sklearn.impute._base.SimpleImputer",
    "ObjectNode sklearn.pipeline.Pipeline",
    "ObjectNode sklearn.preprocessing._encoders.OneHotEncoder",
    "SliceNode builtins.slice",
    "TypeNode numpy.float64",
}
LINEAR = PREPARED | {
    "ObjectNode sklearn.linear_model._logistic.LogisticRegression",
    "ObjectNode sklearn.linear_model._ridge.Ridge",
    "ObjectNode sklearn.preprocessing._data.StandardScaler",
}
SPLINES = LINEAR | {
    "FunctionNode scipy._lib.array_api_compat.numpy._aliases.asarray",  # kept by every BSpline
    "ObjectNode scipy.interpolate._bsplines.BSpline",
    "ObjectNode sklearn.preprocessing._polynomial.SplineTransformer",
}

ALLOWED: dict[str, frozenset[str]] = {
    "dummy": PLAIN
    | {
        "ObjectNode sklearn.dummy.DummyClassifier",
        "ObjectNode sklearn.dummy.DummyRegressor",
        "ObjectNode sklearn.pipeline.Pipeline",
    },
    "linear": LINEAR,
    "forest": PREPARED
    | {
        "ObjectNode sklearn.ensemble._forest.RandomForestClassifier",
        "ObjectNode sklearn.ensemble._forest.RandomForestRegressor",
        "ObjectNode sklearn.tree._classes.DecisionTreeClassifier",
        "ObjectNode sklearn.tree._classes.DecisionTreeRegressor",
        # a forged tree can crash the process: only a file with the right SHA-256 gets this far
        "TreeNode sklearn.tree._tree.Tree",
    },
    "domain": LINEAR,
    "candidate": SPLINES,
    "tuned": SPLINES,  # the model that was found is shared, not the search
    "steps": PLAIN  # what checkpoints.py is shown with
    | {
        "LossNode sklearn._loss._loss.CyHalfBinomialLoss",
        "ObjectNode sklearn.linear_model._stochastic_gradient.SGDClassifier",
        "ObjectNode sklearn.linear_model._stochastic_gradient.SGDRegressor",
        "ObjectNode sklearn.neural_network._multilayer_perceptron.MLPClassifier",
        "ObjectNode sklearn.neural_network._multilayer_perceptron.MLPRegressor",
        "ObjectNode sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "ObjectNode sklearn.preprocessing._label.LabelBinarizer",
        "RandomStateNode numpy.random.mtrand.RandomState",
    },
}

# Whose versions a model file depends on: first part of a type's name -> name of the distribution.
LIBRARIES = {
    "numpy": "numpy",
    "pandas": "pandas",
    "scipy": "scipy",
    "skops": "skops",
    "sklearn": "scikit-learn",
}


def audit(content: bytes, model: str) -> list[str]:
    """Look through a model file without restoring anything; refuse what is not on the list.

    Parameters
    ----------
    content : bytes
        The file, its SHA-256 checked already.
    model : str
        Key of ``ALLOWED``. Take it from study.toml or your own code, never from the file.

    Returns
    -------
    list of str
        What is in the file, as ``ALLOWED`` spells it, sorted.

    Raises
    ------
    StudyError
        If the file is no plain skops file of this version, or holds anything that is not allowed.

    Examples
    --------
    >>> from skops.io import dumps
    >>> from sklearn.dummy import DummyRegressor
    >>> audit(dumps(DummyRegressor()), "dummy")[-2:]
    ['ObjectNode sklearn.dummy.DummyRegressor', 'TypeNode builtins.str']
    >>> try:
    ...     audit(dumps(print), "dummy")
    ... except StudyError as error:
    ...     print(error)
    the model file is refused: it holds types that 'dummy' may not have:
      TypeNode builtins.print
      If you made the file and know what restoring them does, add them to ALLOWED in allowed.py.
    """
    if model not in ALLOWED:
        raise StudyError(
            f"{model!r} has no list of types that its file may hold; there are {sorted(ALLOWED)}. "
            "Add one to ALLOWED in allowed.py"
        )
    found = types_in(schema_of(content))
    strangers = [name for name in found if name not in ALLOWED[model]]
    if strangers:
        raise StudyError(
            f"the model file is refused: it holds types that {model!r} may not have:\n"
            + "".join(f"  {name}\n" for name in strangers)
            + "  If you made the file and know what restoring them does, add them to ALLOWED in "
            "allowed.py."
        )
    return found


def types_in(node: Any) -> list[str]:
    """Return what a file's description names, however deep.

    Parameters
    ----------
    node : dict, list or value
        The content of ``schema.json``, or a part of it.

    Returns
    -------
    list of str
        Entries as in ``ALLOWED``, sorted.

    Raises
    ------
    StudyError
        If an entry is malformed.

    Examples
    --------
    >>> types_in([{"__loader__": "TypeNode", "__module__": "builtins", "__class__": "print"}])
    ['TypeNode builtins.print']
    """
    found: set[str] = set()
    wanted = [node]
    while wanted:  # no recursion: a file may be deeper than Python's stack
        part = wanted.pop()
        if isinstance(part, dict):
            if "__loader__" in part:
                words = [part.get(key) for key in ("__loader__", "__module__", "__class__")]
                if not all(isinstance(word, str) for word in words):
                    raise refused("its description is malformed")
                found.add(f"{words[0]} {words[1]}.{words[2]}")
            wanted += part.values()
        elif isinstance(part, list):
            wanted += part
    return sorted(found)

"""What this study brings of its own: rows, models, metrics, seeds and ablations, as one STUDY."""

from reproml.config.code import StudyCode

from .ablations import ABLATIONS
from .data import load_table
from .evaluation import METRICS
from .models import MODELS
from .seeding import fix_seeds

STUDY = StudyCode(
    package=__name__,
    load_table=load_table,
    models=MODELS,
    metrics=METRICS,
    fix_seeds=fix_seeds,
    ablations=ABLATIONS,
    # in this order; name a script of your own before figures, and its results are like the rest
    scripts=("baselines", "ablation", "interpretation", "evaluation", "figures"),
)

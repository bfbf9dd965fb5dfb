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
    # run in this order; name a script of your own before figures: its results are then made by
    # reproduce and compared by verify like the others
    scripts=("baselines", "ablation", "interpretation", "evaluation", "figures"),
)

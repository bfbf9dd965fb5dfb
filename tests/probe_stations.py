"""Measure on simulated worlds what each split reports and what is true; print it as JSON.

Run by test_example_data.py with the study's libraries: python tests/probe_stations.py WORLDS
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, KFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from stations import BLOCK, World

NUMBERS = ["elevation_m", "coast_km", "road_km", "season_sin", "season_cos"]
NUMBERS += ["pressure_hpa", "temperature_c", "wind_ms", "humidity_pct"]
GAP = 1


def make_model(name):
    """A spline ridge or a small forest."""
    splines = SplineTransformer(n_knots=4, include_bias=False, extrapolation="linear")
    curves = make_pipeline(splines, StandardScaler()) if name == "splines" else "passthrough"
    encode = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer((curves, NUMBERS), (encode, ["surroundings"]))
    model = Ridge(10.0) if name == "splines" else RandomForestRegressor(20, random_state=0)
    return make_pipeline(columns, model)


def error(model, rows):
    return float(np.mean(np.abs(model.predict(rows) - rows["ozone"])))


def estimate(name, rows, cuts):
    """Mean absolute error that cross-validation reports."""
    found = []
    for train, test in cuts:
        model = make_model(name).fit(rows.iloc[train], rows["ozone"].iloc[train])
        found.append(error(model, rows.iloc[test]))
    return float(np.mean(found))


def by_month(month):
    for past, future in TimeSeriesSplit(3, gap=GAP).split(np.unique(month)):
        yield np.flatnonzero(np.isin(month, past)), np.flatnonzero(np.isin(month, future))


def measure(seed):
    """What the splits report and what is true in one world, for each model."""
    world = World(seed)
    rows = pd.DataFrame(world.table())
    districts = (rows["east_km"] // BLOCK) * 100 + rows["north_km"] // BLOCK
    groups = GroupKFold(5, shuffle=True, random_state=0)
    cuts = {
        "random": list(KFold(5, shuffle=True, random_state=0).split(rows)),
        "grouped": list(groups.split(rows, groups=rows["site"])),
        "temporal": list(by_month(rows["month"])),
        "spatial": list(groups.split(rows, groups=districts)),
    }
    elsewhere = world.new_sites(200, where="elsewhere")
    truth = {
        "more rows": world.sample(world.sites, world.months, draw=1),
        "new stations": world.sample(world.new_sites(200), world.months),
        "the future": world.sample(world.sites, world.later(12, gap=GAP)),
        "new places": world.sample(elsewhere, world.months),
    }
    found = []
    for name in ("splines", "forest"):
        full = make_model(name).fit(rows, rows["ozone"])
        scores = {split: estimate(name, rows, cut) for split, cut in cuts.items()}
        scores |= {claim: error(full, pd.DataFrame(new)) for claim, new in truth.items()}
        found.append({"world": seed, "model": name, **scores})
    return found


if __name__ == "__main__":
    worlds = range(1000, 1000 + int(sys.argv[1]))
    print(json.dumps([scores for seed in worlds for scores in measure(seed)]))

"""A simulated network of air-quality stations whose true generalisation error can be measured.

Nothing here was observed. A :class:`World` is frozen by its seed: terrain, coast, background
concentration, station peculiarities and 120 months of weather never change. Its network of
stations, observed once over the first months, is the example data. Because any site can be observed
again in any month, the true error of a fitted model can be measured as exactly as wanted, for each
claim that a paper may make:

============  =============================================================================
claim         rows to measure the truth on
============  =============================================================================
more rows     ``world.sample(world.sites, world.months, draw=1)``
new stations  ``world.sample(world.new_sites(500), world.months)``
the future    ``world.sample(world.sites, world.later(12, gap=1))``
new places    ``world.sample(world.new_sites(500, where="elsewhere"), world.months)``
============  =============================================================================

Why a random split flatters here, as it does with real networks:

- Elevation, distances and surroundings are constant at a site, so they tell a model which site a
  row is from, and it can learn that site's peculiarity. That helps at no other site.
- Air pressure at sea level is the same everywhere in a month, so with the season it tells which
  month a row is from, and a model can learn what that month was like. That helps in no later month.
  A slow trend and drifting weather make later months differ from all earlier ones.
- The background concentration is smooth in space, so a held-out station learns from its neighbours.
  A place without neighbours does not.

Why the right split is honest: sites fall at random into districts (squares of ``BLOCK`` km), and
the districts that have a network are a random choice among all. A held-out site is therefore like a
new site in these districts, and a held-out district like one without a network. Later months come
from the same drifting process as earlier ones, so forecasts fail later as they failed earlier.
tests/test_example_data.py measures both.
"""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass, fields

import numpy as np

SIDE = 200.0  # km, side of the square region
BLOCK = 25.0  # km, side of a district; wider than BACKGROUND_KM, so few values cross its edge
N_DISTRICTS = 25  # of 64 have a network
HORIZON = 120  # months of weather that a world has

BACKGROUND_KM = 15.0  # distance over which the background concentration is alike
BACKGROUND_SD = 4.0  # ug/m3, unobserved and smooth in space
SITE_SD = 4.0  # ug/m3, unobserved and a station's own: inlet height, trees, a car park
MONTH_SD = 4.0  # ug/m3, unobserved and shared by all stations in a month
MONTH_MEMORY = 0.7  # correlation of one month's unobserved part with the next
TREND = -0.1  # ug/m3 per month, as emissions fall
NOISE_SD = 4.0  # ug/m3, what no model can predict
EXCEEDING = 0.25  # share of values above the threshold

COLUMNS = {  # name -> decimals in the file; None is text or a whole number
    "site": None,
    "month": None,
    "east_km": 1,
    "north_km": 1,
    "elevation_m": 0,
    "coast_km": 1,
    "road_km": 2,
    "surroundings": None,
    "season_sin": 4,
    "season_cos": 4,
    "pressure_hpa": 1,
    "temperature_c": 1,
    "wind_ms": 1,
    "humidity_pct": 0,
    "ozone": 1,
    "exceedance": None,
}


@dataclass(frozen=True)
class Sites:
    """Places with a station: what is known of them, and one thing that is not.

    ``surroundings`` are urban, suburban or rural. ``hidden`` is background and peculiarity in
    ug/m3: part of the value, never in the file.
    """

    site: np.ndarray
    east_km: np.ndarray
    north_km: np.ndarray
    elevation_m: np.ndarray
    coast_km: np.ndarray
    road_km: np.ndarray
    surroundings: np.ndarray
    hidden: np.ndarray

    def __len__(self) -> int:
        """Return the number of sites."""
        return len(self.site)

    def repeat(self, times: int) -> Sites:
        """Return every site ``times`` times in a row, one for each month."""
        return Sites(*(np.repeat(getattr(self, field.name), times) for field in fields(self)))


class World:
    """A frozen region with a network of stations; the same seed is the same world.

    ``n_sites`` are enough for five folds of them and a test set, ``n_months`` (0 is a January) for
    three later blocks of months and a test set, each after most of a year to learn from. Values
    above ``threshold`` are an exceedance: about a quarter of all there are at this time in the
    districts that have a network.
    """

    def __init__(self, seed: int, *, n_sites: int = 45, n_months: int = 40):
        self.seed = seed
        self.months = np.arange(n_months)
        self._terrain = _Field(self._rng("terrain"), 30.0)
        self._shore = _Field(self._rng("shore"), 40.0)
        self._settlement = _Field(self._rng("settlement"), 20.0)
        self._background = _Field(self._rng("background"), BACKGROUND_KM)
        self._weather = _weather(self._rng("weather"))
        per_side = round(SIDE / BLOCK)
        districts = self._rng("districts").permutation(per_side**2)
        cells = np.stack([districts % per_side, districts // per_side], axis=1)  # (64, 2)
        self._cells = {"network": cells[:N_DISTRICTS], "elsewhere": cells[N_DISTRICTS:]}
        self.sites = self._draw_sites(n_sites, "network", self._rng("sites"), "S")
        self.threshold = np.inf  # until it is known, just below
        ozone = self.sample(self.new_sites(2000), self.months)["ozone"]
        self.threshold = float(np.round(np.quantile(ozone, 1 - EXCEEDING)))

    def new_sites(self, n: int, *, where: str = "network", draw: int = 0) -> Sites:
        """Draw sites in the districts that have a network, or "elsewhere"; see ``sample``."""
        if where not in self._cells:
            raise ValueError(f"where is {where!r}; it is one of {sorted(self._cells)}")
        prefix = f"{where}-{draw}-"
        return self._draw_sites(n, where, self._rng(f"sites {where}", draw), prefix)

    def later(self, n: int, *, gap: int = 0) -> np.ndarray:
        """Return the ``n`` months that follow the observed ones after a gap."""
        return self.months[-1] + 1 + gap + np.arange(n)

    def future(self, after: int, draw: int) -> World:
        """Return the same region in which the months after one went another way.

        They come from the same drifting process; another ``draw`` is another future.
        """
        other = copy.copy(self)
        other._weather = _weather(self._rng("weather"), after, self._rng("future", after, draw))
        return other

    def sample(self, sites: Sites, months: np.ndarray, *, draw: int = 0) -> dict[str, np.ndarray]:
        """Observe every site in every month: the columns of the file, rounded as there.

        Sites come one after the other. Another ``draw`` is another observation of the same site and
        month, with other local weather and noise. The network in all its months with 0 is the
        example data.
        """
        months = np.asarray(months)
        if months.min() < 0 or months.max() >= HORIZON:
            span = f"{months.min()} to {months.max()}"
            raise ValueError(f"months are {span}; a world has 0 to {HORIZON - 1}")
        rows = sites.repeat(len(months))
        month = np.tile(months, len(sites))
        rng = self._rng(f"observations {sites.site.tolist()} {months.tolist()}", draw)
        found = _observe(rows, month, {k: v[month] for k, v in self._weather.items()}, rng)
        ozone = np.round(found["ozone"], COLUMNS["ozone"])
        found["exceedance"] = np.where(ozone > self.threshold, "yes", "no")
        return {
            name: found[name] if digits is None else np.round(found[name], digits) + 0.0
            for name, digits in COLUMNS.items()
        }

    def table(self) -> dict[str, np.ndarray]:
        """Return the example data: the network, observed once."""
        return self.sample(self.sites, self.months)

    def _rng(self, purpose: str, *numbers: int) -> np.random.Generator:
        # a stream for each purpose: drawing more of one thing moves no other
        key = int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:4], "big")
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(key, *numbers)))

    def _draw_sites(self, n: int, where: str, rng: np.random.Generator, prefix: str) -> Sites:
        cells = self._cells[where][rng.integers(len(self._cells[where]), size=n)]
        place = (cells + rng.random((n, 2))) * BLOCK  # (n, 2)
        settled = self._settlement(place) + rng.normal(0, 0.5, n)
        kinds = np.array(["rural", "suburban", "urban"])
        return Sites(
            site=np.array([f"{prefix}{i + 1:02d}" for i in range(n)]),
            east_km=place[:, 0],
            north_km=place[:, 1],
            elevation_m=250 * np.exp(0.8 * self._terrain(place) + rng.normal(0, 0.2, n)),
            coast_km=np.maximum(0.1, place[:, 0] + 10 + 10 * self._shore(place)),
            road_km=0.6 * np.exp(0.8 * rng.standard_normal(n)),
            surroundings=kinds[np.digitize(settled, [0.0, 1.0])],
            hidden=BACKGROUND_SD * self._background(place) + rng.normal(0, SITE_SD, n),
        )


class _Field:
    """A smooth random function of place with mean 0 and variance 1 (sum of random waves)."""

    def __init__(self, rng: np.random.Generator, length: float, n_waves: int = 300):
        self.waves = rng.normal(0, 1 / length, (2, n_waves))
        self.phases = rng.uniform(0, 2 * np.pi, n_waves)

    def __call__(self, place: np.ndarray) -> np.ndarray:
        waves = np.cos(place @ self.waves + self.phases)  # (n, n_waves)
        return waves.sum(axis=1) * np.sqrt(2 / waves.shape[1])


def _weather(
    rng: np.random.Generator, after: int = HORIZON, anew: np.random.Generator | None = None
) -> dict[str, np.ndarray]:
    """Return what all sites share in each month, shape (HORIZON,) each.

    With ``anew`` the months after ``after`` are drawn from it.
    """
    month = np.arange(HORIZON)
    cold = np.cos(2 * np.pi * month / 12)  # 1 in January

    def drifting(memory: float) -> np.ndarray:
        shocks = rng.standard_normal(HORIZON)
        if anew is not None:
            shocks[after + 1 :] = anew.standard_normal(HORIZON - after - 1)
        return _drifting(shocks, memory)

    unobserved = TREND * month + MONTH_SD * drifting(MONTH_MEMORY)
    return {
        "season_sin": np.sin(2 * np.pi * month / 12),
        "season_cos": cold,
        "pressure_hpa": 1014 + 5 * drifting(0.3),
        "temperature_c": 13 - 8 * cold + 1.5 * drifting(0.5),
        "wind_ms": 4 + 0.5 * cold + 0.8 * drifting(0.3),
        "humidity_pct": 70 + 6 * cold + 4 * drifting(0.3),
        "unobserved": unobserved,
    }


def _drifting(shocks: np.ndarray, memory: float) -> np.ndarray:
    """Return a series with mean 0 and variance 1 that remembers its last value."""
    series = np.empty(len(shocks))
    series[0] = shocks[0]
    for t in range(1, len(shocks)):
        series[t] = memory * series[t - 1] + np.sqrt(1 - memory**2) * shocks[t]
    return series


def _observe(
    rows: Sites, month: np.ndarray, region: dict[str, np.ndarray], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return unrounded columns for rows that are a site in a month each."""
    local = rng.standard_normal((4, len(month)))  # of this site in this month: weather, noise
    temperature = region["temperature_c"] - 0.0065 * rows.elevation_m + local[0]
    wind = np.maximum(0.3, region["wind_ms"] + 1.5 * np.exp(-rows.coast_km / 30) + 1.0 * local[1])
    humidity = region["humidity_pct"] + 8 * np.exp(-rows.coast_km / 30) + 6 * local[2]
    humidity = np.clip(humidity, 15, 100)
    ozone = (
        46
        + 0.3 * temperature
        + 1.8 * np.maximum(temperature - 14, 0)  # smog forms in warm air
        + 30 * np.exp(-wind / 3)  # and stays in still air
        - 0.35 * (humidity - 70)  # clouds shade it
        + 15 * (1 - np.exp(-rows.elevation_m / 250))  # more from aloft, with an upper limit
        - 8 * np.exp(-rows.road_km / 0.5)  # exhaust removes ozone near roads
        + np.select([rows.surroundings == "urban", rows.surroundings == "rural"], [-5, 3], 0)
        + rows.hidden
        + region["unobserved"]
        + NOISE_SD * local[3]
    )
    own = {"temperature_c": temperature, "wind_ms": wind, "humidity_pct": humidity, "ozone": ozone}
    known = {field.name: getattr(rows, field.name) for field in fields(rows)}
    return region | known | own | {"month": month}

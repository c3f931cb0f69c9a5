"""Patches, largest patch and effective mesh size of `farmzone figures` beside pylandstats on a fine raster.

    pip install pylandstats shapely
    python benches/peers/landscape.py PATH/TO/farmzone

Zones with houses, roads and borders that they share are made from a seed, loaded into a workspace of their own, and measured
by both. The raster tells land from land by its four neighbours, as land that touches at a point is not connected.
"""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import shapely
from pylandstats import Landscape
from shapely.geometry import box, mapping

X, Y, SIDE, CELL_M = 580_000.0, 2_320_000.0, 2_000.0, 0.5


def plan(seed):
    """Zones, and what is built on them; all larger than a sliver."""
    dice = random.Random(seed)
    zones, built = [], []
    for i in range(4):
        for j in range(4):
            if dice.random() < 0.75:
                x, y = X + i * 500, Y + j * 500
                zones.append(box(x, y, x + 500, y + dice.choice([500, 460])))
    for _ in range(3):
        at, width = dice.uniform(100, SIDE - 100), dice.uniform(6, 25)
        slope = dice.uniform(-300, 300)
        built.append(shapely.Polygon([(X + at, Y), (X + at + width, Y), (X + at + width + slope, Y + SIDE), (X + at + slope, Y + SIDE)]))
    for _ in range(120):
        x, y, w = dice.uniform(0, SIDE - 60), dice.uniform(0, SIDE - 60), dice.uniform(15, 60)
        built.append(shapely.affinity.rotate(box(X + x, Y + y, X + x + w, Y + y + dice.uniform(15, 40)), dice.uniform(0, 90)))
    return zones, built


def ours(farmzone, zones, built):
    def collection(shapes, properties):
        crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::5897"}}
        features = [{"type": "Feature", "properties": {"id": str(i), **properties}, "geometry": mapping(s)} for i, s in enumerate(shapes)]
        return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features})

    with tempfile.TemporaryDirectory() as folder:
        run = lambda *words: json.loads(subprocess.run([farmzone, "--json", *words], cwd=folder, check=True, capture_output=True).stdout)
        Path(folder, "zones.geojson").write_text(collection(zones, {"kind": "rice"}))
        Path(folder, "built.geojson").write_text(collection(built, {"code": "ONT"}))
        run("init", "w.gpkg")
        run("import", "w.gpkg", "zones.geojson", "--as", "zones")
        run("import", "w.gpkg", "built.geojson", "--as", "landuse", "--epoch", "2024")
        row = run("figures", "w.gpkg", "--by", "city")["rows"][0]
    return row["n_patches"], row["largest_patch_m2"], row["effective_mesh_m2"]


def theirs(zones, built):
    centres = np.arange(CELL_M / 2, SIDE, CELL_M)
    xs, ys = np.meshgrid(X + centres, Y + centres)
    zone = np.zeros(xs.shape, bool)
    for z in zones:
        zone |= shapely.contains_xy(z, xs, ys)
    lost = np.zeros(xs.shape, bool)
    for b in built:
        x0, y0, x1, y1 = b.bounds
        rows = slice(max(int((y0 - Y) / CELL_M) - 1, 0), max(int((y1 - Y) / CELL_M) + 2, 0))
        columns = slice(max(int((x0 - X) / CELL_M) - 1, 0), max(int((x1 - X) / CELL_M) + 2, 0))
        lost[rows, columns] |= shapely.contains_xy(b, xs[rows, columns], ys[rows, columns])
    cells = np.where(zone, np.where(lost, 2, 1), 0).astype(np.uint8)
    landscape = Landscape(cells, res=(CELL_M, CELL_M), nodata=0, neighborhood_rule="4")
    patches = landscape.compute_patch_metrics_df(metrics=["area"], metrics_kwargs={"area": {"hectares": False}})
    areas = patches.loc[patches["class_val"] == 1, "area"].to_numpy()
    # What is a sliver to us is one on the raster too.
    areas = areas[areas >= 20.0]
    mesh = landscape.effective_mesh_size(class_val=1, hectares=False)
    return len(areas), float(areas.max()), float(mesh)


def main(farmzone):
    worst = 0.0
    for seed in range(4):
        zones, built = plan(seed)
        a, b = ours(farmzone, zones, built), theirs(zones, built)
        apart = [abs(p - q) / q for p, q in zip(a, b)]
        worst = max(worst, *apart)
        print(f"seed {seed}: patches {a[0]} / {b[0]}, largest {a[1]:.0f} / {b[1]:.0f} m², mesh {a[2]:.0f} / {b[2]:.0f} m²; apart {max(apart):.5f}")
    if worst > 0.005:
        sys.exit(f"apart by {worst:.4f}, more than 0.005")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())

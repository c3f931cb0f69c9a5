"""Import, overlay and detection beside other engines, in one run on the same layers.

usage: python3 benches/peers/overlay.py [s|m|l] [FARMZONE, default target/release/farmzone]   (l: without geopandas, which takes long)

The layers come from `cargo bench --bench overlay -- SIZE write FILE`; FARMZONE_BENCH_LAYERS names a file that was written before.
PostGIS: FARMZONE_BENCH_PG=postgresql://USER@HOST/DB, where tables `z` and `l` are made anew. Peers that are not installed are named with what
installs them. Times of peers run from geometries in memory to areas, as ours do; reading is not counted.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HOW = {
    "shapely": "pip install shapely geopandas pyogrio",
    "geopandas": "pip install shapely geopandas pyogrio",
    "duckdb": "pip install duckdb duckdb-extension-spatial",
    "sedonadb": "pip install sedonadb geoarrow-pyarrow",
    "ogr2ogr": "apt install gdal-bin",
}


def run(command):
    """Seconds, peak memory in MB, standard output."""
    started = time.perf_counter()
    child = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out = child.stdout.read()
    err = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{err}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024, out


def has(package):
    return importlib.util.find_spec(package) is not None


def row(what, seconds, ours, note=""):
    ratio = f"{ours / seconds:8.3f}" if ours else " " * 8
    print(f"  {what:34} {seconds:9.3f} s   ratio {ratio}   {note}", flush=True)


def imports(farmzone, source, folder):
    print("import of both layers, beside ogr2ogr copying the same file")
    workspace = folder / "w.gpkg"
    run([farmzone, "init", workspace])
    zones, memory, _ = run([farmzone, "import", workspace, source, "--as", "zones", "--layer", "zones", "--kind", "rice"])
    land_use, other, _ = run(
        [farmzone, "import", workspace, source, "--as", "landuse", "--layer", "landuse_2024", "--code", "ODT", "--epoch", "2024"]
    )
    ours = zones + land_use
    row("farmzone", ours, None, f"peak {max(memory, other):.0f} MB")
    seconds, memory, _ = run(["ogr2ogr", "-f", "GPKG", folder / "copy.gpkg", source])
    row("ogr2ogr", seconds, ours, f"peak {memory:.0f} MB")
    return workspace


def ours(farmzone, workspace):
    _, memory, out = run([farmzone, "--json", "overlay", workspace])
    overlay = json.loads(out)
    row("farmzone overlay", overlay["duration_ms"] / 1000, None, f"{overlay['n_pairs']} pairs, {overlay['area_m2']:.3f} m², peak {memory:.0f} MB")
    _, memory, out = run([farmzone, "--json", "detect", workspace, "--kind", "rice"])
    detect = json.loads(out)
    row("farmzone detect (shapes too)", detect["duration_ms"] / 1000, None, f"{detect['n_events']} events, peak {memory:.0f} MB")
    return overlay["duration_ms"] / 1000, detect["duration_ms"] / 1000


def geos(source, overlay, detect):
    import geopandas
    import numpy as np
    import shapely

    zones = np.asarray(geopandas.read_file(source, layer="zones").geometry.values)
    land_use = np.asarray(geopandas.read_file(source, layer="landuse_2024").geometry.values)
    started = time.perf_counter()
    shapely.prepare(land_use)
    l, z = shapely.STRtree(zones).query(land_use, predicate="intersects")
    covered = shapely.covers(land_use[l], zones[z])
    area = np.empty(len(l))
    area[covered] = shapely.area(zones[z[covered]])
    area[~covered] = shapely.area(shapely.intersection(zones[z[~covered]], land_use[l[~covered]]))
    seconds = time.perf_counter() - started
    note = f"{int((area > 1e-6).sum())} pairs, {area.sum():.3f} m²"
    row("GEOS, tree and prepared", seconds, overlay, note)
    row("  the same against detect", seconds, detect)


def geopandas_overlay(source, overlay):
    import geopandas

    zones = geopandas.read_file(source, layer="zones")
    land_use = geopandas.read_file(source, layer="landuse_2024")
    started = time.perf_counter()
    both = geopandas.overlay(zones, land_use, how="intersection", keep_geom_type=True)
    row("geopandas overlay", time.perf_counter() - started, overlay, f"{len(both)} pairs, {both.area.sum():.3f} m²")


SQL = """select count(*), sum(a) from (select ST_Area(ST_Intersection(z.g, l.g)) a
         from z join l on ST_Intersects(z.g, l.g)) where a > 1e-6"""


def duckdb_overlay(folder, overlay):
    import duckdb

    db = duckdb.connect()
    if has("duckdb_extension_spatial"):
        import duckdb_extension_spatial
        import glob

        db.execute(f"LOAD '{glob.glob(os.path.dirname(duckdb_extension_spatial.__file__) + '/extensions/*/spatial.duckdb_extension')[0]}'")
    else:
        db.execute("INSTALL spatial")
        db.execute("LOAD spatial")
    for name in ("z", "l"):
        db.execute(f"create table {name} as select geometry as g from '{folder}/{name}.parquet'")
    started = time.perf_counter()
    n, area = db.execute(SQL).fetchall()[0]
    row("DuckDB spatial", time.perf_counter() - started, overlay, f"{n} pairs, {area:.3f} m²")


def sedona_overlay(folder, overlay):
    import sedonadb

    db = sedonadb.connect()
    for name in ("z", "l"):
        db.read_parquet(f"{folder}/{name}.parquet").to_view(f"{name}_")
        db.sql(f"select geometry as g from {name}_").to_view(name)
    started = time.perf_counter()
    n, area = db.sql(SQL).to_pandas().values[0]
    row("SedonaDB", time.perf_counter() - started, overlay, f"{int(n)} pairs, {area:.3f} m²")


def postgis_overlay(database, source, overlay):
    for table, layer in (("z", "zones"), ("l", "landuse_2024")):
        run(
            ["ogr2ogr", "-f", "PostgreSQL", f"PG:{database}", source, layer, "-nln", table, "-overwrite"]
            + ["-select", "", "-nlt", "MULTIPOLYGON", "-lco", "GEOMETRY_NAME=g", "--config", "PG_USE_COPY", "YES"]
        )
    run(["psql", database, "-c", "analyze z", "-c", "analyze l"])
    seconds, _, out = run(["psql", database, "-At", "-F", " ", "-c", SQL.replace(") where", ") pairs where")])
    n, area = out.split()
    row("PostGIS", seconds, overlay, f"{n} pairs, {float(area):.3f} m²; its index is made before")


def main():
    import pathlib

    size = sys.argv[1] if len(sys.argv) > 1 else "m"
    farmzone = sys.argv[2] if len(sys.argv) > 2 else "target/release/farmzone"
    missing = [name for name in ("shapely", "geopandas", "duckdb", "sedonadb") if not has(name)]
    if not shutil.which("ogr2ogr"):
        sys.exit(f"ogr2ogr is missing: {HOW['ogr2ogr']}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        source = pathlib.Path(os.environ.get("FARMZONE_BENCH_LAYERS", folder / "made.gpkg"))
        if not source.exists():
            run(["cargo", "bench", "--quiet", "--locked", "--bench", "overlay", "--", size, "write", source])
        workspace = imports(farmzone, source, folder)
        print("shared area of every pair of zone and land use")
        overlay, detect = ours(farmzone, workspace)
        if has("shapely") and has("geopandas"):
            geos(source, overlay, detect)
            if size != "l":
                geopandas_overlay(source, overlay)
        if has("geopandas") and (has("duckdb") or has("sedonadb")) and has("pyarrow"):
            import geopandas

            geopandas.read_file(source, layer="zones")[["geometry"]].to_parquet(folder / "z.parquet")
            geopandas.read_file(source, layer="landuse_2024")[["geometry"]].to_parquet(folder / "l.parquet")
            if has("sedonadb"):
                sedona_overlay(folder, overlay)
            if has("duckdb"):
                duckdb_overlay(folder, overlay)
        if "FARMZONE_BENCH_PG" in os.environ:
            postgis_overlay(os.environ["FARMZONE_BENCH_PG"], source, overlay)
    for name in missing:
        print(f"  not installed: {name}; {HOW[name]}")


if __name__ == "__main__":
    main()

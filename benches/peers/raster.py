"""Class shares of a raster per zone: farmzone beside exactextract, and beside exact clips by GEOS.

usage: python3 benches/peers/raster.py [--size s|m] [--farmzone target/release/farmzone] [--zones FILE.gpkg] [--dir DIR]
needs: pip install numpy shapely geopandas rasterio exactextract   (and: cargo build --release)

Makes a land-cover GeoTIFF of 10 m over 75 x 91 km (11 classes in patches with noise, a block of nodata, tiled, deflate)
and a coverage of jittered quadrilaterals (s: 6 thousand, m: 234 thousand zones; or takes layer "zones" of FILE.gpkg).
Both programs start from what was made; the times are
  farmzone      the overlay, from zones in memory to the shares, the raster read from its file
  exactextract  exact_extract(raster, zones in memory, unique, frac, count), the raster read from its file
Fails when a share differs from exactextract's (32-bit fractions) by more than 1e-6, or from GEOS' by more than 1e-9.
"""
import argparse, json, pathlib, subprocess, sys, time

try:
    import geopandas, numpy, rasterio, shapely
    from exactextract import exact_extract
    from rasterio.transform import from_origin
except ImportError as missing:
    sys.exit(f"{missing.name} is missing: pip install numpy shapely geopandas rasterio exactextract")

LEFT, TOP, CELL, WIDTH, HEIGHT, CLASSES, NODATA = 530_000, 2_366_000, 10, 7_500, 9_100, 11, 255
N_CUT = 1_000
SIZES = {"s": (400, 0.5), "m": (130, 1.0)}

LEGEND = """name = "bench"
title = { vi = "x", en = "x" }
valid_from = "2000"
source = "made up"
class = [
""" + "".join(f'  {{ code = "{c}", vi = "{c}", en = "class {c}", group = "none", rgb = [{c}, 0, 0] }},\n' for c in range(CLASSES)) + "]\n"


def make_raster(path):
    rng = numpy.random.default_rng(20)
    patches = rng.integers(0, CLASSES, (HEIGHT // 20, WIDTH // 20), dtype="uint8")
    cells = numpy.kron(patches, numpy.ones((20, 20), "uint8"))
    noise = rng.random(cells.shape) < 0.1
    cells[noise] = rng.integers(0, CLASSES, noise.sum())
    cells[4000:4100, 3000:3200] = NODATA
    profile = dict(driver="GTiff", height=HEIGHT, width=WIDTH, count=1, dtype="uint8", nodata=NODATA, crs="EPSG:5897",
                   transform=from_origin(LEFT, TOP, CELL, CELL), tiled=True, compress="deflate")
    with rasterio.open(path, "w", **profile) as out:
        out.write(cells, 1)


def make_zones(path, size):
    side, scale = SIZES[size]
    rng = numpy.random.default_rng(7)
    nx, ny = int(WIDTH * CELL * scale / side), int(HEIGHT * CELL * scale / side)
    x, y = numpy.meshgrid(numpy.arange(nx + 1.0) * side, numpy.arange(ny + 1.0) * side)
    x = numpy.round(LEFT + x + rng.uniform(-0.12, 0.12, x.shape) * side, 3)
    y = numpy.round(TOP - HEIGHT * CELL + y + rng.uniform(-0.12, 0.12, y.shape) * side, 3)
    corners = numpy.stack([x, y], -1)
    rings = numpy.stack([corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]], -2).reshape(-1, 4, 2)
    rings = rings[rng.random(len(rings)) < 0.58]
    zones = geopandas.GeoDataFrame({"id": numpy.arange(len(rings)), "kind": "rice"}, geometry=shapely.polygons(rings), crs=5897)
    zones.to_file(path, layer="zones")


def run(program, *arguments):
    done = subprocess.run([program, "--json", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def ours(program, folder, zones, raster):
    workspace, shares = folder / "peers.gpkg", folder / "peers.csv"
    for old in folder.glob("peers.*"):
        old.unlink()
    (folder / "peers.toml").write_text(LEGEND)
    run(program, "init", workspace)
    run(program, "import", workspace, zones, "--as", "zones", "--layer", "zones")
    run(program, "import", workspace, raster, "--as", "landuse", "--epoch", "2020", "--legend", folder / "peers.toml")
    seconds = [run(program, "overlay", workspace)["duration_ms"] / 1000 for _ in range(3)]
    run(program, "overlay", workspace, "--out", shares)
    table = geopandas.pd.read_csv(shares, dtype={"zone_id": str, "landuse_id": str, "code": str}, keep_default_na=False)
    return seconds, table


def shares_of(table, column):
    """Class shares by zone, a row each, from a table in long form."""
    return table.pivot_table(index="zone_id", columns="landuse_id", values=column, aggfunc="sum", fill_value=0.0)


def beside_exactextract(zones, raster, table):
    began = time.perf_counter()
    theirs = exact_extract(str(raster), zones, ["unique", "frac", "count"], include_cols=["id"], output="pandas")
    seconds = time.perf_counter() - began
    mine = shares_of(table[~table.landuse_id.isin(["nodata", "outside"])], "area_m2")
    n_cells = mine.sum(axis=1) / CELL**2
    mine = mine.div(mine.sum(axis=1), axis=0)
    worst = worst_count = 0.0
    for row in theirs.itertuples():
        zone = str(row.id)
        if row.count == 0:
            assert zone not in mine.index or n_cells[zone] < 1e-6, zone
            continue
        ours_of_zone = mine.loc[zone]
        found = dict(zip((str(int(value)) for value in row.unique), row.frac))
        worst = max(worst, max(abs(ours_of_zone[c] - found.get(c, 0.0)) for c in mine.columns))
        worst_count = max(worst_count, abs(n_cells[zone] / row.count - 1))
    return seconds, worst, worst_count


def beside_geos(zones, raster, table):
    """Cuts a thousand zones, spread over the layer, with every cell they meet."""
    mine = shares_of(table, "share")
    worst = 0.0
    with rasterio.open(raster) as source:
        for i in numpy.linspace(0, len(zones) - 1, N_CUT).astype(int):
            zone, name = zones.geometry.iloc[i], str(zones["id"].iloc[i])
            x0, y0, x1, y1 = zone.bounds
            columns = numpy.arange(max((x0 - LEFT) // CELL, 0), min((x1 - LEFT) // CELL + 1, WIDTH), dtype=int)
            rows = numpy.arange(max((TOP - y1) // CELL, 0), min((TOP - y0) // CELL + 1, HEIGHT), dtype=int)
            values = source.read(1, window=((rows[0], rows[-1] + 1), (columns[0], columns[-1] + 1))).ravel()
            c, r = (a.ravel() for a in numpy.meshgrid(columns, rows))
            cells = shapely.box(LEFT + c * CELL, TOP - (r + 1) * CELL, LEFT + (c + 1) * CELL, TOP - r * CELL)
            areas = shapely.area(shapely.intersection(zone, cells)) / zone.area
            for value in numpy.unique(values):
                column = "nodata" if value == NODATA else str(value)
                cut = areas[values == value].sum()
                found = mine.at[name, column] if name in mine.index and column in mine.columns else 0.0
                # Rows of less than 1e-6 m² are not written.
                worst = max(worst, abs(found - cut) if max(found, cut) * zone.area > 2e-6 else 0.0)
            outside = max(0.0, 1 - areas.sum())
            worst = max(worst, abs(mine.at[name, "outside"] - outside) if "outside" in mine.columns else outside)
    return worst


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--size", choices=SIZES, default="m")
    options.add_argument("--farmzone", default="target/release/farmzone")
    options.add_argument("--zones", type=pathlib.Path)
    options.add_argument("--dir", type=pathlib.Path, default=pathlib.Path("target/peers"))
    asked = options.parse_args()
    if not pathlib.Path(asked.farmzone).exists():
        sys.exit(f"{asked.farmzone} is missing: cargo build --release")
    asked.dir.mkdir(parents=True, exist_ok=True)
    raster, zones_file = asked.dir / "landcover.tif", asked.zones or asked.dir / f"zones_{asked.size}.gpkg"
    if not raster.exists():
        make_raster(raster)
    if not zones_file.exists():
        make_zones(zones_file, asked.size)
    zones = geopandas.read_file(zones_file, layer="zones")
    seconds, table = ours(asked.farmzone, asked.dir, zones_file, raster)
    theirs, worst, worst_count = beside_exactextract(zones, raster, table)
    worst_geos = beside_geos(zones, raster, table)
    print(f"{len(zones)} zones, {WIDTH} x {HEIGHT} cells, {CLASSES} classes")
    print("farmzone      " + ", ".join(f"{s:.2f}" for s in seconds) + " s")
    print(f"exactextract  {theirs:.2f} s; ratio " + ", ".join(f"{s / theirs:.4f}" for s in seconds))
    print(f"largest difference of a share from exactextract {worst:.1e}, of a zone's cells {worst_count:.1e}")
    print(f"largest difference of a share from GEOS over {N_CUT} zones {worst_geos:.1e}")
    if worst > 1e-6 or worst_geos > 1e-9:
        sys.exit("the shares differ")


if __name__ == "__main__":
    main()

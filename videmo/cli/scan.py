"""The command `videmo scan`."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from videmo.cli.options import (
    DETECTOR,
    FPS,
    MODEL,
    PART,
    PATH,
    QUIET,
    SIZE,
    TIME,
    output,
)
from videmo.cli.progress import aside, watched, watched_archive
from videmo.cli.standing import tell_archive, tell_entry, tell_listed
from videmo.cli.tell import say, tell_scanned
from videmo.files import shown
from videmo.schema import DEFAULT_DETECTOR, DEFAULT_MIN_FACE, DEFAULT_STALL

if TYPE_CHECKING:
    from videmo.archive import Candidate, Engine, Shard
    from videmo.scan import Settings


@click.command()
@click.argument("movies", nargs=-1, required=True, type=PATH, metavar="MOVIE|FOLDER...")
@output("Folder for the tables.")
@MODEL
@DETECTOR
@click.option(
    "--min-face",
    type=click.FloatRange(0.01, 1),
    default=DEFAULT_MIN_FACE,
    show_default=True,
    help="Height of the smallest face, as a part of the picture's height.",
)
@click.option(
    "--every-frame",
    is_flag=True,
    help="Look at the whole of every picture, not only now and then: slow.",
)
@click.option(
    "--every",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="Scan one frame of every N; runs then count scanned frames.",
)
@click.option(
    "--region",
    "regions",
    type=PART,
    multiple=True,
    help="Look for faces only here: x,y,w,h, in parts of the picture (0.5,0,0.5,1: the right half) "
    "or in pixels; may be given several times.",
)
@click.option(
    "--deinterlace",
    is_flag=True,
    help="Make whole pictures of interlaced ones (old television, DV), which have combs.",
)
@click.option(
    "--start",
    "starts",
    type=TIME,
    multiple=True,
    help="Begin here: seconds, or hh:mm:ss. Given several times, each with its --end, each stretch "
    "gets a table of its own.",
)
@click.option("--end", "ends", type=TIME, multiple=True, help="Stop here.")
@FPS
@click.option(
    "--join",
    type=click.Choice(["auto", "never"]),
    default="auto",
    show_default=True,
    help="Whether chapters of one recording are one movie: GX010001.MP4, GX020001.MP4; "
    "VTS_01_1.VOB, VTS_01_2.VOB.",
)
@click.option("-j", "--jobs", type=click.IntRange(1), help="Processes.  [default: all cores]")
@click.option(
    "--fresh",
    is_flag=True,
    help="Begin anew where a scan was interrupted; of folders, scan again what is done, too.",
)
@click.option("--retry", is_flag=True, help="Of folders: try again what failed before.")
@click.option(
    "--stall-timeout",
    type=click.FloatRange(1),
    metavar="SECONDS",
    help="A movie without a new frame for so long has failed.  "
    f"[default: {DEFAULT_STALL:g} for folders, else none]",
)
@click.option(
    "--memory-limit",
    type=SIZE,
    help="Memory that a process may take (4G, 1500M); a movie that needs more has failed.",
)
@click.option(
    "--shard",
    metavar="N/COUNT",
    help="Of folders: only this part of the movies, such as 3/8, for several machines.  "
    "[default: as Slurm or AWS Batch say]",
)
@click.option(
    "--cluster",
    metavar="PLACE",
    help="Of folders: let a Dask cluster scan. Its scheduler's address (tls://HOST:8786) or file; "
    "local:4 is a cluster of four workers on this machine.",
)
@click.option(
    "--insecure-cluster",
    is_flag=True,
    help="Talk with a cluster in plain words: whoever reaches it can run programs on it.",
)
@QUIET
def scan(
    movies: tuple[Path, ...],
    folder: Path,
    model: Path | None,
    detector: str | None,
    min_face: float,
    every_frame: bool,
    every: int,
    regions: tuple[tuple[float, float, float, float], ...],
    deinterlace: bool,
    starts: tuple[float, ...],
    ends: tuple[float, ...],
    fps: Fraction | None,
    join: str,
    jobs: int | None,
    fresh: bool,
    retry: bool,
    stall_timeout: float | None,
    memory_limit: int | None,
    shard: str | None,
    cluster: str | None,
    insecure_cluster: bool,
    quiet: bool,
) -> None:
    """Find faces, eyes, emotions, tracks and runs in every frame.

    Writes NAME.faces.csv, a row for each face in each frame, and NAME.faces.json, which says what
    was scanned and how. An interrupted scan goes on where it was when it is started again; a
    finished one is replaced. That of a stretch is another one, with files of its own:
    NAME.from-00-20-00.to-00-25-00.faces.csv.

    Folders are searched to their depth for movies; their tree is mirrored in OUTPUT, and
    OUTPUT/archive.csv lists what became of each movie. What is done is not done again.
    """
    from videmo.archive import Limits, Shard, find_movies, ledger_path, scan_movies
    from videmo.errors import RequestError
    from videmo.faces import DetectorConfig, Region
    from videmo.scan import Settings, all_cores
    from videmo.video import holds_series

    interval = 1 if every_frame else None
    config = DetectorConfig(
        detector or DEFAULT_DETECTOR,
        min_face=min_face,
        interval=interval,
        regions=tuple(Region(*region) for region in regions),
    )
    settings = Settings(config, model=model, every=every, deinterlace=deinterlace, fps=fps)
    stretches = [replace(settings, start=start, end=end) for start, end in _stretches(starts, ends)]
    how: dict[str, Any] = {"jobs": jobs or all_cores(), "fresh": fresh}
    folders = [movie for movie in movies if os.path.isdir(movie)]
    if fps and not folders:
        raise RequestError("--fps is for folders of numbered pictures; leave it out, or name one")
    if not all(fps and holds_series(place) for place in folders):
        if len(stretches) > 1:
            raise RequestError("several stretches are of movies; name them, not a folder")
        how |= {"limits": Limits(stall_timeout or DEFAULT_STALL, memory_limit), "retry": retry}
        how |= {"shard": _shard(shard, cluster)}
        if cluster and jobs:
            raise RequestError("--jobs is for this machine alone; with --cluster, leave it out")
        found = find_movies(movies, series=fps is not None, join=join == "auto")
        with _engine(cluster, folder, stretches[0], insecure_cluster, quiet) as engine:
            how |= {"engine": engine}
            well = _scan_folders(movies, found, folder, stretches[0], how, quiet)
        sys.exit(0 if well else 1)
    if retry or shard or cluster:
        raise RequestError(
            "--retry, --shard and --cluster are for folders; leave them out, or name a folder"
        )
    if stall_timeout or memory_limit is not None:
        how["limits"] = Limits(stall_timeout or math.inf, memory_limit)
    watch = watched(quiet)
    outcomes = []
    for one in stretches:
        for outcome in scan_movies(movies, folder, one, watch, join=join == "auto", **how):
            tell_scanned(outcome, quiet)
            outcomes.append(outcome)
    tell_listed([one.entry for one in outcomes if one.entry], ledger_path(folder, Shard()), quiet)
    sys.exit(0 if all(one.well for one in outcomes) else 1)


def _stretches(
    starts: tuple[float, ...], ends: tuple[float, ...]
) -> list[tuple[float, float | None]]:
    """From where to where is scanned, in seconds; one stretch may lack its start or its end."""
    from videmo.errors import RequestError

    if max(len(starts), len(ends)) <= 1:
        return [(starts[0] if starts else 0.0, ends[0] if ends else None)]
    if len(starts) != len(ends):
        raise RequestError(
            f"{len(starts)} times --start and {len(ends)} times --end: give each stretch both"
        )
    return list(zip(starts, ends, strict=True))


def _shard(asked: str | None, cluster: str | None) -> Shard:
    """The part of the movies that is asked for, or that belongs to this machine."""
    from videmo.archive import Shard, shard_of_environment
    from videmo.errors import RequestError

    if asked and cluster:
        raise RequestError("--shard and --cluster both share the work; leave one of them out")
    if cluster:
        return Shard()
    return Shard.parse(asked) if asked else shard_of_environment(os.environ) or Shard()


@contextmanager
def _engine(
    cluster: str | None, folder: Path, settings: Settings, insecure: bool, quiet: bool
) -> Iterator[Engine | None]:
    """What scans: a cluster; None: this machine."""
    if cluster is None:
        yield None
        return
    from videmo.archive.cluster import cluster_engine

    with cluster_engine(cluster, folder, settings, insecure=insecure) as engine:
        if engine.dashboard and not quiet:
            click.echo(f"to watch the cluster: {engine.dashboard}")
        yield engine


def _scan_folders(
    places: tuple[Path, ...],
    found: list[Candidate],
    folder: Path,
    settings: Settings,
    how: dict[str, Any],
    quiet: bool,
) -> bool:
    """Scan folders, and tell of it; whether all went well."""
    from videmo.archive import ledger_path, scan_archive
    from videmo.errors import RequestError
    from videmo.video import holds_series

    entries = []
    with watched_archive(quiet) as progress:
        for entry, new in scan_archive(found, folder, settings, **how, progress=progress):
            entries.append((entry, new))
            if new and not quiet:
                with aside():
                    tell_entry(entry)
    well = tell_archive(entries, ledger_path(folder, how["shard"]), quiet)
    if how["shard"].count == 1:  # else each machine would write it; find brings it up to date
        _renew_index(folder)
    nothing = next((one for one in found if one.path in places and holds_series(one.path)), None)
    if nothing and all(one.reason for one in found):
        raise RequestError(f"{shown(nothing.path)}: no movie, but {nothing.reason}")
    return well


def _renew_index(folder: Path) -> None:
    """Bring the index up to date for `videmo find`; what goes wrong costs nothing else."""
    from videmo.errors import RequestError, VidemoError
    from videmo.search import renew_index

    try:
        renew_index(folder)
    except RequestError:  # nothing was scanned
        return
    except VidemoError as error:
        say(f"videmo: {error}")

"""Annotations for ELAN, the annotation tool of behaviour research: a tier for each track.

Below it lies a tier that says how sure each annotation is: its score and its mark.
The format is EAF 3.0 (https://www.mpi.nl/tools/elan/EAFv3.0.xsd).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path, PurePath
from urllib.parse import quote_from_bytes
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from videmo.exporters.address import address_of, milliseconds_late
from videmo.exporters.selection import Exported, Moments
from videmo.files import shown, write_atomic
from videmo.schema import Run
from videmo.video import Movie

SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"

NO_DATE = "1970-01-01T00:00:00+00:00"
"""Every file must have one; a real one would make other bytes each time."""

VOCABULARY, KIND, LANGUAGE = "emotions", "emotion", "und"
SCORE, ASSOCIATION = "score", "Symbolic_Association"
"""The kind of annotation that says how sure another one is, and how ELAN calls that."""

MIME_TYPES = {
    **dict.fromkeys((".mp4", ".m4v"), "video/mp4"),
    **dict.fromkeys((".mpg", ".mpeg"), "video/mpeg"),
    ".mov": "video/quicktime",
    ".avi": "video/x-msvideo",
    ".mkv": "video/x-matroska",
}


def export(moments: Moments) -> Exported:
    """Write ``STEM.eaf``."""
    target = moments.folder / f"{moments.stem}.eaf"
    document = annotation_document(moments, target.parent)
    ElementTree.indent(document)
    data = ElementTree.tostring(document, encoding="utf-8", xml_declaration=True)
    write_atomic(target, data + b"\n")
    return Exported([target])


def annotation_document(moments: Moments, folder: Path) -> Element:
    """The document of a movie's runs, to be written into `folder`."""
    root = Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "videmo",
            "DATE": NO_DATE,
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": INSTANCE,
            "xsi:noNamespaceSchemaLocation": SCHEMA,
        },
    )
    runs = sorted(moments.runs, key=lambda run: (run.track, run.start))
    _add_header(root, moments.movie, folder, last=2 * len(runs))
    slots = SubElement(root, "TIME_ORDER")
    times = [
        (round(time * 1000), slot)
        for number, run in enumerate(runs, 1)
        for time, slot in zip((run.start, run.end), _slots(number), strict=True)
    ]
    for time, slot in sorted(times, key=lambda pair: pair[0]):
        SubElement(slots, "TIME_SLOT", {"TIME_SLOT_ID": slot, "TIME_VALUE": str(time)})
    for track, numbered in groupby(enumerate(runs, 1), key=lambda pair: pair[1].track):
        tier = SubElement(root, "TIER", {"LINGUISTIC_TYPE_REF": KIND, "TIER_ID": f"track {track}"})
        if track in moments.persons:
            tier.set("PARTICIPANT", shown(moments.persons[track]))
        there = list(numbered)
        for number, run in there:
            _add_annotation(tier, number, run, moments.labels)
        sure = {number: moments.how_sure(run) for number, run in there}
        _add_scores(root, f"track {track}", sure, after=len(runs))
    _add_vocabulary(root, moments.labels)
    return root


def _slots(number: int) -> tuple[str, str]:
    """The names of the times at which annotation `number` begins and ends."""
    return f"ts{2 * number - 1}", f"ts{2 * number}"


def _add_annotation(tier: Element, number: int, run: Run, labels: Sequence[str]) -> None:
    begin, end = _slots(number)
    about = {
        "ANNOTATION_ID": f"a{number}",
        "CVE_REF": f"cve{labels.index(run.emotion)}",
        "TIME_SLOT_REF1": begin,
        "TIME_SLOT_REF2": end,
    }
    annotation = SubElement(SubElement(tier, "ANNOTATION"), "ALIGNABLE_ANNOTATION", about)
    SubElement(annotation, "ANNOTATION_VALUE").text = run.emotion


def _add_scores(root: Element, parent: str, sure: Mapping[int, str], *, after: int) -> None:
    """A tier below `parent` that says how sure its annotations are, by their numbers; its own
    numbers come `after` all of those."""
    about = {"LINGUISTIC_TYPE_REF": SCORE, "PARENT_REF": parent, "TIER_ID": f"{parent} {SCORE}"}
    tier = SubElement(root, "TIER", about)
    for number, said in sure.items():
        ids = {"ANNOTATION_ID": f"a{after + number}", "ANNOTATION_REF": f"a{number}"}
        annotation = SubElement(SubElement(tier, "ANNOTATION"), "REF_ANNOTATION", ids)
        SubElement(annotation, "ANNOTATION_VALUE").text = said


def _add_header(root: Element, movie: Movie, folder: Path, *, last: int) -> None:
    path = address_of(movie)
    header = SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    relative = PurePath(os.path.relpath(path, folder.resolve())).as_posix()
    media = {
        "MEDIA_URL": path.as_uri(),
        "MIME_TYPE": MIME_TYPES.get(path.suffix.lower(), "unknown"),
        "RELATIVE_MEDIA_URL": quote_from_bytes(os.fsencode(relative), safe="/"),
    }
    if late := milliseconds_late(movie):  # milliseconds of the file before its first picture
        media["TIME_ORIGIN"] = str(late)
    SubElement(header, "MEDIA_DESCRIPTOR", media)
    SubElement(header, "PROPERTY", {"NAME": "lastUsedAnnotationId"}).text = str(last)


def _add_vocabulary(root: Element, labels: Sequence[str]) -> None:
    """What an annotation can say: the emotions, as a list to choose from."""
    SubElement(
        root,
        "LINGUISTIC_TYPE",
        {
            "CONTROLLED_VOCABULARY_REF": VOCABULARY,
            "GRAPHIC_REFERENCES": "false",
            "LINGUISTIC_TYPE_ID": KIND,
            "TIME_ALIGNABLE": "true",
        },
    )
    of_score = {
        "CONSTRAINTS": ASSOCIATION,
        "GRAPHIC_REFERENCES": "false",
        "LINGUISTIC_TYPE_ID": SCORE,
        "TIME_ALIGNABLE": "false",
    }
    SubElement(root, "LINGUISTIC_TYPE", of_score)
    language = {
        "LANG_DEF": "http://cdb.iso.org/lg/CDB-00130975-001",
        "LANG_ID": LANGUAGE,
        "LANG_LABEL": "undetermined (und)",
    }
    SubElement(root, "LANGUAGE", language)
    association = {
        "DESCRIPTION": "1-1 association with a parent annotation",
        "STEREOTYPE": ASSOCIATION,
    }
    SubElement(root, "CONSTRAINT", association)
    vocabulary = SubElement(root, "CONTROLLED_VOCABULARY", {"CV_ID": VOCABULARY})
    SubElement(vocabulary, "DESCRIPTION", {"LANG_REF": LANGUAGE})
    for index, emotion in enumerate(labels):
        entry = SubElement(vocabulary, "CV_ENTRY_ML", {"CVE_ID": f"cve{index}"})
        value = {"DESCRIPTION": "", "LANG_REF": LANGUAGE}
        SubElement(entry, "CVE_VALUE", value).text = emotion

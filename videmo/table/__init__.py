"""Read and write the table of faces and its record, strictly.

The table is `NAME.faces.csv`, where NAME is the movie's, with the stretch if only that was scanned;
the record, `NAME.faces.json`, is written last and says that the table is whole.
"""

from videmo.table.paths import (
    RECORD_SUFFIX,
    REVIEW_SUFFIX,
    TABLE_SUFFIX,
    movie_file,
    movie_name,
    place_of,
    record_path,
    review_path,
    stretch_name,
    table_path,
)
from videmo.table.read import columns_as_saved, face_boxes, labels_of, read_table
from videmo.table.record import FORMAT, Record, read_record, write_record
from videmo.table.write import Row, cell, write_table

__all__ = [
    "FORMAT",
    "RECORD_SUFFIX",
    "REVIEW_SUFFIX",
    "TABLE_SUFFIX",
    "Record",
    "Row",
    "cell",
    "columns_as_saved",
    "face_boxes",
    "labels_of",
    "movie_file",
    "movie_name",
    "place_of",
    "read_record",
    "read_table",
    "record_path",
    "review_path",
    "stretch_name",
    "table_path",
    "write_record",
    "write_table",
]

"""Reads an export by code that nobody of this project wrote, and prints what each line says of its entry, in JSON.

    exports.py ocsf FILE     # validated against OCSF 1.5's schema, closed against unknown members (ocsf-json-schema)
    exports.py cef FILE      # by pycef, which leaves escapes for its caller
"""

import json
import re
import sys

import jsonschema
import pycef
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema


def ocsf():
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version="1.5.0"))
    validator = jsonschema.Draft202012Validator(schema.get_class_schema(schema.lookup_class_name_from_uid(6003)))

    def read(line):
        event = json.loads(line)
        validator.validate(event)
        said = event.pop("unmapped")
        place = {name: str(said.pop(name)) for name in ("index", "leafHash", "size", "root") if name in said}
        return {"place": place, "said": said}

    return read


def cef():
    def read(line):
        fields = pycef.parse(line)
        message = re.sub(r"\\(.)", r"\1", fields["msg"])
        place = {name: fields[name] for name in ("index", "leafHash", "size", "root") if name in fields}
        return {"place": place, "said": json.loads(message)}

    return read


format, file = sys.argv[1:]
read = {"ocsf": ocsf, "cef": cef}[format]()
with open(file, encoding="utf-8", newline="\n") as lines:
    for line in lines:
        print(json.dumps(read(line.rstrip("\n"))))

"""Whether a bill of materials is CycloneDX 1.6 by the strict schema of its makers.

    sbom.py conclave.cdx.json
"""
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

with open(sys.argv[1], encoding="utf-8") as document:
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(document.read())
if fault:
    sys.exit(f"{sys.argv[1]} is not CycloneDX: {fault}")

"""One answer of an identity provider by pysaml2 and xmlsec1: a JSON question on standard input, the response on standard output."""
import json
import sys

from saml2 import BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

asked = json.load(sys.stdin)
config = IdPConfig().load(
    {
        "entityid": asked["entityId"],
        "service": {
            "idp": {
                "endpoints": {"single_sign_on_service": [(asked["ssoUrl"], BINDING_HTTP_REDIRECT)]},
                "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None}},
                "name_id_format": [NAMEID_FORMAT_PERSISTENT],
            }
        },
        "key_file": asked["keyFile"],
        "cert_file": asked["certificateFile"],
        "xmlsec_binary": "/usr/bin/xmlsec1",
        **({"metadata": {"inline": [asked["metadata"]]}} if "metadata" in asked else {}),
    }
)
if "metadata" not in asked:
    print(entity_descriptor(config))
    sys.exit()

idp = Server(config=config)
query = asked["query"]
request = idp.parse_authn_request(query["SAMLRequest"], BINDING_HTTP_REDIRECT)
response = idp.create_authn_response(
    {"mail": ["ada@example.com"]},
    in_response_to=request.message.id,
    destination=asked["acs"],
    sp_entity_id=asked["spEntityId"],
    name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text="ada"),
    authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": asked["entityId"]},
    sign_response=asked.get("signResponse", True),
    sign_assertion=asked.get("signAssertion", True),
    encrypt_assertion=asked.get("encrypt", False),
    sign_alg=SIG_RSA_SHA256,
    digest_alg=DIGEST_SHA256,
)
print(response)

"""An identity provider by pysaml2 and xmlsec1: to each line of standard input, a question in JSON, a line with its answer."""
import json
import sys
from functools import partial

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, sigver
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor, sign_entity_descriptor
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

DESCRIPTOR = "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor"
ADA = NameID(format=NAMEID_FORMAT_PERSISTENT, text="ada")


def redirected(idp, message, response, destination, relay_state):
    """The query of a signed redirect."""
    info = idp.apply_binding(
        BINDING_HTTP_REDIRECT, str(message), destination, relay_state, response=response, sign=True, sigalg=SIG_RSA_SHA256
    )
    return dict(info["headers"])["Location"].split("?", 1)[1]


def signed(query):
    """What stands beside a signed request in its query."""
    return {"relay_state": query.get("RelayState"), "sigalg": query["SigAlg"], "signature": query["Signature"]}


def logged_out(idp, asked):
    query = asked.get("query")
    terms = {"issuer_entity_id": asked["spEntityId"], "name_id": ADA, "sign_alg": SIG_RSA_SHA256, "digest_alg": DIGEST_SHA256}
    if asked["logout"] == "order":
        _, plain = idp.create_logout_request(asked["slo"], sign=False, **terms)
        _, whole = idp.create_logout_request(asked["slo"], sign=True, **terms)
        return {"query": redirected(idp, plain, False, asked["slo"], "there & back"), "form": str(whole)}
    if asked["logout"] == "read answer":
        answer = idp.parse_logout_request_response(query["SAMLResponse"], BINDING_HTTP_REDIRECT)
        return {"ok": answer.status_ok(), "to": answer.in_response_to}
    taken = idp.parse_logout_request(query["SAMLRequest"], BINDING_HTTP_REDIRECT, **signed(query))
    answer = idp.create_logout_response(taken.message, [BINDING_HTTP_REDIRECT], sign=False)
    says = {"subject": taken.message.name_id.text, "sessions": [it.text for it in taken.message.session_index]}
    return {**says, "query": redirected(idp, answer, True, asked["slo"], query.get("RelayState", ""))}


def answer_to(asked):
    config = IdPConfig().load(
        {
            "entityid": asked["entityId"],
            "service": {
                "idp": {
                    "endpoints": {
                        "single_sign_on_service": [(asked["ssoUrl"], BINDING_HTTP_REDIRECT)],
                        "single_logout_service": [(asked["sloUrl"], BINDING_HTTP_REDIRECT)],
                    },
                    "logout_requests_signed": True,
                    "want_authn_requests_signed": True,
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
        plain = entity_descriptor(config)
        if "sign" not in asked:
            return str(plain)
        return str(sign_entity_descriptor(plain, None, sigver.security_context(config), SIG_RSA_SHA256, DIGEST_SHA256)[1])

    idp = Server(config=config)
    if "signedBy" in asked:
        try:
            return idp.sec.verify_signature(asked["metadata"], cert_file=asked["signedBy"], node_name=DESCRIPTOR)
        except sigver.SigverError:
            return False
    query = asked.get("query")
    if "logout" in asked:
        return logged_out(idp, asked)
    if "encrypt" in asked:
        # Left to itself it encrypts by Triple-DES.
        family, cipher = asked["encrypt"].split("#")
        year = "2001/04" if family == "xmlenc" else "2009"
        sigver.pre_encryption_part.__kwdefaults__["msg_enc"] = f"http://www.w3.org/{year}/{family}#{cipher}"
        key = "des-192" if cipher.startswith("tripledes") else f"aes-{cipher[3:6]}"
        idp.sec.encrypt_assertion = partial(idp.sec.encrypt_assertion, key_type=key)

    request = idp.parse_authn_request(query["SAMLRequest"], BINDING_HTTP_REDIRECT, **signed(query))
    response = idp.create_authn_response(
        {"mail": ["ada@example.com"]},
        in_response_to=request.message.id,
        destination=asked["acs"],
        sp_entity_id=asked["spEntityId"],
        name_id=ADA,
        authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": asked["entityId"]},
        sign_response=asked.get("signResponse", True),
        sign_assertion=asked.get("signAssertion", True),
        encrypt_assertion="encrypt" in asked,
        sign_alg=SIG_RSA_SHA256,
        digest_alg=DIGEST_SHA256,
    )
    if "page" not in asked:
        return str(response)
    relay_state = query.get("RelayState", "")
    return idp.apply_binding(BINDING_HTTP_POST, str(response), asked["acs"], relay_state, response=True)["data"]


for line in sys.stdin:
    print(json.dumps(answer_to(json.loads(line))), flush=True)

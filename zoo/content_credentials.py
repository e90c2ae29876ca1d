"""Read Content Credentials (C2PA) of a picture file: absent, invalid, valid or trusted. Nothing is downloaded.

They are a signed record of how a file was made, by a camera or a program. ``valid`` says that the record belongs to
this very file and that nothing was changed after it was signed, but not who signed it: anybody can make a certificate.
``trusted`` says that the certificate was issued by one of the authorities that the user named. ``absent`` says nothing
about a picture: most have none, and many programs remove them.
"""

import io
import json
from pathlib import Path
from typing import Any

INSTALL = "pip install 'forensics-zoo[c2pa]'"


def content_credentials(path: str | Path, authorities: Path | None = None) -> dict[str, Any]:
    """Look for Content Credentials in a file.

    Returns ``state`` ("not looked for", "absent", "elsewhere", "invalid", "valid" or "trusted") and ``reason``; where
    there is a record also ``signer``, ``signed`` (the time, if it was stamped), ``made_by``, ``actions`` and
    ``problems``, the codes of the C2PA specification. "elsewhere": the file names an address of its record, which is
    not fetched.

    Args:
        path: A picture file.
        authorities: Certificates in PEM of those whose signers are trusted; without them nobody is.

    Raises:
        ValueError: For authorities that cannot be read.
    """
    try:
        import c2pa
    except ImportError:
        return {"state": "not looked for", "reason": f"c2pa-python is missing: {INSTALL}"}
    settings: dict[str, Any] = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True}}
    if authorities is not None:
        settings["trust"] = {"trust_anchors": _pem(authorities)}
    try:
        context = c2pa.Context.from_dict(settings)
        reader = c2pa.Reader.try_create(None, io.BytesIO(Path(path).read_bytes()), context=context)
    except c2pa.C2paError.RemoteManifest as error:
        return {"state": "elsewhere", "reason": f"the file names a record elsewhere, which was not fetched ({error})"}
    except c2pa.C2paError.NotSupported:
        return {"state": "absent", "reason": "files of this format hold none"}
    except c2pa.C2paError as error:
        return {"state": "invalid", "reason": f"there is a record that cannot be read ({error})", "problems": []}
    if reader is None:
        return {"state": "absent", "reason": "the file holds none"}
    with reader:
        return _described(reader.get_validation_state(), json.loads(reader.json()))


def _described(state: str | None, found: dict[str, Any]) -> dict[str, Any]:
    states = {"Trusted": "trusted", "Valid": "valid"}
    reasons = {
        "trusted": "the record belongs to this file, and one of the given authorities issued the signer's certificate",
        "valid": "the record belongs to this file; who signed it is not known",
        "invalid": "the record does not fit this file, or was changed",
    }
    state = states.get(state or "", "invalid")
    manifest = found.get("manifests", {}).get(found.get("active_manifest"), {})
    signature = manifest.get("signature_info", {})
    assertions = manifest.get("assertions", [])
    actions = [
        action.get("action", "")
        for assertion in assertions
        if str(assertion.get("label", "")).startswith("c2pa.actions")
        for action in assertion.get("data", {}).get("actions", [])
    ]
    generators = manifest.get("claim_generator_info") or [{"name": manifest.get("claim_generator", "")}]
    results = found.get("validation_results", {}).get("activeManifest", {})
    return {
        "state": state,
        "reason": reasons[state],
        "signer": signature.get("issuer"),
        "signed": signature.get("time"),
        "made_by": ", ".join(f"{one.get('name', '')} {one.get('version', '')}".strip() for one in generators),
        "actions": actions,
        "problems": [one.get("code", "") for one in results.get("failure", [])],
    }


def _pem(path: Path) -> str:
    right = "--authorities must be a file of certificates in PEM"
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise ValueError(f"{right}. Received: {path}") from error
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise ValueError(f"{right}. Received: {path}, without any")
    return text

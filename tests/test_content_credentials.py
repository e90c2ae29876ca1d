"""Content Credentials: absent, invalid, valid and trusted, with certificates that are made here."""

import datetime
import io
import json
import sys

import numpy as np
import pytest
from PIL import Image

from zoo.content_credentials import content_credentials


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """A folder with a JPEG that carries a record, one without, and the certificates of the authority."""
    c2pa = pytest.importorskip("c2pa", reason="needs the extra c2pa")
    pytest.importorskip("cryptography", reason="needs the extra c2pa")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    folder = tmp_path_factory.mktemp("signed")
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)

    def certificate(name, key, issuer, issuer_key, authority):
        names = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
        usage = dict.fromkeys((*names, "encipher_only", "decipher_only"), False)
        usage |= {"digital_signature": not authority, "key_cert_sign": authority, "crl_sign": authority}
        subject = x509.Name(
            [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name), x509.NameAttribute(NameOID.COMMON_NAME, name)]
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        )
        if not authority:
            purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(purposes, critical=False)
        return builder.sign(issuer_key, hashes.SHA256())

    def pem(one):
        return one.public_bytes(serialization.Encoding.PEM)

    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = certificate("Authority", authority_key, None, authority_key, True)
    leaf = certificate("Camera maker", key, authority.subject, authority_key, False)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    y, x = np.mgrid[:96, :128]
    Image.fromarray(np.stack([x + y, 2 * x, 255 - y], -1).astype(np.uint8)).save(folder / "plain.jpg")
    actions = [
        {"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}
    ]
    manifest = {
        "claim_generator_info": [{"name": "Test camera", "version": "1"}],
        "assertions": [{"label": "c2pa.actions", "data": {"actions": actions}}],
    }
    info = c2pa.C2paSignerInfo(b"es256", pem(leaf) + pem(authority), private, None)
    target = io.BytesIO()
    with c2pa.Signer.from_info(info) as signer, c2pa.Builder(json.dumps(manifest)) as builder:
        builder.sign(signer, "image/jpeg", io.BytesIO((folder / "plain.jpg").read_bytes()), target)
    (folder / "signed.jpg").write_bytes(target.getvalue())
    (folder / "authority.pem").write_bytes(pem(authority))
    return folder


def test_absent_valid_trusted_and_invalid_are_told_apart(signed):
    assert content_credentials(signed / "plain.jpg")["state"] == "absent"
    found = content_credentials(signed / "signed.jpg")
    assert found["state"] == "valid" and found["signer"] == "Camera maker"
    assert found["made_by"].startswith("Test camera 1") and found["actions"] == ["c2pa.created"]
    assert content_credentials(signed / "signed.jpg", signed / "authority.pem")["state"] == "trusted"
    data = bytearray((signed / "signed.jpg").read_bytes())
    data[-200] ^= 1  # in the compressed picture
    (signed / "changed.jpg").write_bytes(data)
    changed = content_credentials(signed / "changed.jpg", signed / "authority.pem")
    assert changed["state"] == "invalid" and "assertion.dataHash.mismatch" in changed["problems"]


def test_files_that_hold_none_by_format_and_damaged_ones(signed, tmp_path):
    (tmp_path / "a.bmp").write_bytes(b"BM" + bytes(60))
    (tmp_path / "text.jpg").write_bytes(b"no picture")
    for name in ("a.bmp", "text.jpg"):
        assert content_credentials(tmp_path / name)["state"] in ("absent", "invalid")
    with pytest.raises(ValueError, match="certificates in PEM"):
        content_credentials(signed / "signed.jpg", signed / "plain.jpg")


def test_without_the_package_nothing_is_looked_for(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "c2pa", None)
    found = content_credentials(tmp_path / "a.jpg")
    assert found["state"] == "not looked for" and "forensics-zoo[c2pa]" in found["reason"]

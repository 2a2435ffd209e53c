"""A bill of materials for a package: SPDX 2.3 as JSON (https://spdx.github.io/spdx-spec/v2.3/)."""

import datetime
import hashlib
import json
import re
import urllib.parse


def time_of(epoch):
    """As SPDX and OCI write it, in UTC."""
    return datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _id(*words):
    # Letters, digits, `.` and `-` only.
    return "SPDXRef-" + "-".join(re.sub(r"[^A-Za-z0-9.-]", "-", word.replace("+", "-plus-")) for word in words)


def _debian(package, suite):
    quote = urllib.parse.quote
    return {
        "SPDXID": _id("Package", package.name),
        "name": package.name,
        "versionInfo": package.version,
        "supplier": "Organization: Debian",
        "downloadLocation": f"https://packages.debian.org/{suite}/{quote(package.name)}",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": package.licence or "NOASSERTION",
        "licenseComments": f"/usr/share/doc/{package.name}/copyright of the package tells in full",
        "copyrightText": "NOASSERTION",
        "sourceInfo": f"built from the Debian source package {package.source}",
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": f"pkg:deb/debian/{quote(package.name)}@{quote(package.version)}"
                f"?arch={package.architecture}&distro={suite}",
            }
        ],
    }


def bill(file_name, data, binary, *, linked, loaded, contained, epoch, suite="bookworm"):
    """The document for the artefact `data`, called `file_name`.

    `linked` are the Debian packages that the program holds parts of, `loaded` those that it needs from the system,
    `contained` those whose files are in the artefact.
    """
    digest = hashlib.sha256(data).hexdigest()
    artefact, program = _id("Artefact"), _id("Package", "portolan")
    described = {
        "name": "portolan",
        "versionInfo": binary.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "copyrightText": "NOASSERTION",
    }
    packages = [
        {
            **described,
            "SPDXID": artefact,
            "name": file_name,
            "packageFileName": file_name,
            "licenseDeclared": "NOASSERTION",
            "checksums": [{"algorithm": "SHA256", "checksumValue": digest}],
            "primaryPackagePurpose": "CONTAINER" if contained else "INSTALL",
        },
        {
            **described,
            "SPDXID": program,
            "licenseDeclared": "Apache-2.0",
            "primaryPackagePurpose": "APPLICATION",
            "checksums": [{"algorithm": "SHA256", "checksumValue": hashlib.sha256(binary.stripped).hexdigest()}],
            "comment": "The checksum is that of the program itself.",
        },
    ]
    packages += [_debian(package, suite) for package in sorted({*linked, *loaded, *contained})]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", artefact), (artefact, "CONTAINS", program)]
    relations += [(program, "STATIC_LINK", _id("Package", package.name)) for package in linked]
    relations += [(program, "DYNAMIC_LINK", _id("Package", package.name)) for package in loaded]
    relations += [(artefact, "CONTAINS", _id("Package", package.name)) for package in contained]
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": file_name,
        # One for each document ever, and the same for the same document.
        "documentNamespace": f"https://portolan.dev/spdx/{urllib.parse.quote(file_name)}-{digest}",
        "creationInfo": {"created": time_of(epoch), "creators": ["Tool: portolan-scripts-package"]},
        "packages": packages,
        "relationships": [
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
            for one, kind, other in relations
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"

"""The XML of the ECB's reference rates: an Envelope, in it a Cube, in it a Cube a day, then one a rate.

    <gesmes:Envelope xmlns:gesmes="…/gesmes…" xmlns="…/eurofxref"> <Cube> <Cube time="2026-04-13">
        <Cube currency="USD" rate="1.1684"/> …

It has no declarations. XML with a document type is refused before anything in it is expanded or
fetched, so that no entity can grow or name a file; depth and size are bounded.
"""

from xml.parsers import expat

from connectors.errors import MalformedError

PROVIDER = "ecb"
MAX_XML_BYTES = 32 * 2**20
MAX_DEPTH = 8

_ROOT = "http://www.gesmes.org/xml/2002-08-01 Envelope"
_CUBE = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref Cube"

Days = list[tuple[str, dict[str, str]]]
"""Each day as it is written, and the rates of that day."""


def read_envelope(data: bytes) -> Days:
    """The days in the document's order. MalformedError where it is no such document."""
    if len(data) > MAX_XML_BYTES:
        raise MalformedError(PROVIDER, f"more than {MAX_XML_BYTES} bytes of XML")
    reader = _Reader()
    # The encoding that a document declares does not count: the ECB's is UTF-8.
    parser = expat.ParserCreate("utf-8", " ")
    parser.StartDoctypeDeclHandler = _refuse_declaration
    parser.EntityDeclHandler = _refuse_declaration
    parser.ExternalEntityRefHandler = _refuse_declaration
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise MalformedError(PROVIDER, f"not the XML of the contract: {error}") from error
    return reader.days


def _refuse_declaration(*_: object) -> int:
    raise MalformedError(PROVIDER, "XML with declarations of its own")


class _Reader:
    """Collects days while the parser passes the elements."""

    def __init__(self) -> None:
        self.days: Days = []
        self._depth = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH or (self._depth == 1 and name != _ROOT):
            raise MalformedError(PROVIDER, "not an Envelope of reference rates")
        if name != _CUBE:
            return
        if "time" in attributes:
            self.days.append((attributes["time"], {}))
        elif "currency" in attributes:
            self._rate(attributes["currency"], attributes.get("rate", ""))

    def end(self, name: str) -> None:
        self._depth -= 1

    def _rate(self, currency: str, rate: str) -> None:
        if not self.days:
            raise MalformedError(PROVIDER, "a rate without a day")
        self.days[-1][1][currency] = rate

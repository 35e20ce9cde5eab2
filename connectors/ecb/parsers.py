"""The kinds of the ECB's log entries, and who parses each: one parser reads all of its documents."""

from connectors.connector import Parser
from connectors.ecb.publications import parse_rates
from connectors.ecb.requests import DOCUMENTS

PARSERS: dict[str, Parser] = dict.fromkeys(DOCUMENTS, parse_rates)

"""The bundled servers: PostgreSQL and Valkey on a data directory of the user's."""

from tradewind.servers.bundle import Servers, reach_database, start_servers

__all__ = ["Servers", "reach_database", "start_servers"]

"""The small web server from which visitors take music home: read-only, a process of its own, without numpy."""

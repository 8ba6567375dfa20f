"""The service as a process: sockets, workers, connections, and the end of each."""

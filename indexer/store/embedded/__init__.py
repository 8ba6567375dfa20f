"""The engine within the process: generations in folders."""

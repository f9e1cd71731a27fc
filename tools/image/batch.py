#!/bin/sh
# Version 1 of perch-runner was a Python program whose batches began with this path as the entry point.
exec /app/perch-runner batch "$@"

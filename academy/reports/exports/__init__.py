"""Files of reports as jobs: rows are the queue, a worker writes one file at a time."""

"""Certificates of a unit as ZIP files: choosing them, working on the job, what lies in a part."""

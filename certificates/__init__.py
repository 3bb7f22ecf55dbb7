"""Certificates: issued exactly once per completion, rendered, stored, and open to anyone's check."""

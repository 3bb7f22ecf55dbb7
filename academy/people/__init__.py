"""People: officials, their agencies and units, who may see whom, and signing in."""

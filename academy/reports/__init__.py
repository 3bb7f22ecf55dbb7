"""Reports for HR units: numbers that add up, as page and as file."""

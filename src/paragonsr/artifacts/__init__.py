"""What rooms hand to each other through files: each has a schema and a version."""

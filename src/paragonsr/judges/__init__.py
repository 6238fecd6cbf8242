"""What judges pictures, shared by the rooms: published networks and formulas, held to their published numbers."""

"""From a folder of photographs to a clean training set that says why each tile was kept or thrown away."""

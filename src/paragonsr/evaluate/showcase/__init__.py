"""A page and sheets to look at what models do: telling crops, any two versions under one slider."""

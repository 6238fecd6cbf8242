"""The generator: its definition, the Magic Kernel Sharp base it starts from, and its exact fusion for release."""

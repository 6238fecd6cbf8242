"""What is published about a model: its card for people, and its row among all models."""

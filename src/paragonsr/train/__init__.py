"""Training: data, losses, one loop, one step function per stage, and state that resumes bitwise."""

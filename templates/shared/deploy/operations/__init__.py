"""What is done with the stack: synthesize, compare, deploy, go back, ask for a prediction."""

"""What makes the endpoint of a language model: components, copies, engine, alarms, cost."""

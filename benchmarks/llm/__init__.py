"""How fast the fine-tuning template trains models of real size, against plain TRL."""

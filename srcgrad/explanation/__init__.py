"""What a derivative does with every line of a function, and what happened in one evaluation."""

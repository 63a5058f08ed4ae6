"""What a correct answer is, from independent readers and the grid's arithmetic."""

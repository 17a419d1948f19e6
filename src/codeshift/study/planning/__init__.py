"""What a study is going to do, what it costs, and what it can show."""

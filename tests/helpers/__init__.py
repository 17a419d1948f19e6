"""What several tests share: rows, small studies, stand-ins for what is outside, and faulty splitters and metrics."""

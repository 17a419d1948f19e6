"""Code that several tests share: rows, small studies, stand-ins for the outside, and faulty splitters and metrics."""

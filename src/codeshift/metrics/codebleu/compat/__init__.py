"""The behaviour of the public implementations of CodeBLEU, oversights included."""

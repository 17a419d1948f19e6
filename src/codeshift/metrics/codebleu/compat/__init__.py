"""What the public implementations of CodeBLEU do, oversights included."""

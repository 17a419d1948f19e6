"""The parts of CodeBLEU: n-grams, keywords, and what is found in a program's tree."""

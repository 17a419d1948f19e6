"""The parts of CodeBLEU: n-grams, keywords, and the comparison of syntax trees and data flow."""

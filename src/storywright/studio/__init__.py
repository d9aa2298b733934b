"""The studio: where briefs and chapters become boards, and boards are revised and kept."""

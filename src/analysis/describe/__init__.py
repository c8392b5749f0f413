"""Tables about a place, made with the mathematics: what notebooks publish. Codes and numbers, no words."""

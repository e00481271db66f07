"""The tab of people: who is in a shot, who is kept, and hints that say who is where."""

"""Starting the server under test and talking to it, knowing nothing of its insides."""

"""Pages that join rooms: home, my learning. Reads across, decides nothing."""

"""The kiosk: a room that answers paintings with music and is never silent."""

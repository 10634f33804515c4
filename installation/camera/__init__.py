"""The camera process: pictures, the painting found in them, and whether it is held still. OpenCV is only here."""

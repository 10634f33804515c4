"""The camera process: pictures taken, the painting found in them, and when a visitor has shown it. The only place of OpenCV."""

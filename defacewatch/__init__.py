"""defacewatch watches web portals for defacement and tells the officer on duty, with proof."""

"""The code archive that the local runtime unpacks, and where archives are kept."""

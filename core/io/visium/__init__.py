"""10x Genomics' output: count matrices, the `spatial/` folder, and a whole folder of Space Ranger."""

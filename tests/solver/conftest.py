"""Its presence puts this folder on the import path, so that tests in its folders can import `planning`."""

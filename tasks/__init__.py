"""One reusable step per file, with the clients and the store that steps use."""

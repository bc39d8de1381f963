"""The door in processes of its own: started, spoken to, killed."""

"""What a council already has, read, validated and reconciled inside the council."""

"""What statistics say beside a round's official scores."""

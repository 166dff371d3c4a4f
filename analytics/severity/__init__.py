"""What strict and lenient appraisers do to the order of units."""

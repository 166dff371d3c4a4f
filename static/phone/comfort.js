// comfort

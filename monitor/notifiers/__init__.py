"""What carries an alert: one adapter a kind."""

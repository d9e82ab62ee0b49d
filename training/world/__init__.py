"""An invented year of orders: people, merchants and couriers behave, and outcomes follow."""

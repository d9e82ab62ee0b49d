"""An order's customer is asked, answers, and the order goes on."""

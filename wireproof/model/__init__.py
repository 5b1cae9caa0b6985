"""What a conforming side may do, apart from any connection: histories of deliveries and their checker."""

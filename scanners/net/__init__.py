"""The only door to the network: nothing else opens a socket or starts nmap."""

package servers

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports are taken from below Linux's default range for outgoing connections (32768-60999): a port from within it
// could become some client's local port while the server is down between Kill and Restart.
const (
	portFirst = 15000
	portLast  = 32000
	// portAttempts bounds the search, and the starts on a port that somebody took between the search and the bind.
	portAttempts = 20
)

// freePort returns a loopback port on which nobody listens. It is random because test binaries run side by side.
func freePort() (int, error) {
	var last error
	for range portAttempts {
		port := portFirst + rand.IntN(portLast-portFirst)
		listener, err := net.Listen("tcp", address(port))
		if err != nil {
			last = err
			continue
		}
		return port, listener.Close()
	}
	return 0, fmt.Errorf("find a free port between %d and %d: %w", portFirst, portLast, last)
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

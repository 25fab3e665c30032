package kafka

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
)

// links are the open connections by the name of who dialled.
type links struct {
	mu   sync.Mutex
	open []*link
	cut  map[string]bool
}

type link struct {
	net.Conn
	of   *links
	name string
}

var errCut = errors.New("the link is cut")

// Dialer dials the cluster for a client that [Cluster.Cut] will know by name.
func (c *Cluster) Dialer(
	name string,
) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if c.links.isCut(name) {
			return nil, &net.OpError{Op: "dial", Net: network, Addr: named(address), Err: errCut}
		}
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return c.links.add(name, conn), nil
	}
}

// Cut breaks the connections of a client and refuses new ones until Mend.
func (c *Cluster) Cut(name string) { c.links.drop(name, true) }

// Mend lets a client dial again.
func (c *Cluster) Mend(name string) {
	c.links.mu.Lock()
	defer c.links.mu.Unlock()
	delete(c.links.cut, name)
}

// Drop breaks the connections that a client has now; it may dial again at once.
func (c *Cluster) Drop(name string) { c.links.drop(name, false) }

func (ls *links) isCut(name string) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.cut[name]
}

func (ls *links) add(name string, conn net.Conn) net.Conn {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := &link{Conn: conn, of: ls, name: name}
	if ls.cut[name] {
		conn.Close()
	}
	ls.open = append(ls.open, l)
	return l
}

func (ls *links) drop(name string, cut bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if cut {
		ls.cut[name] = true
	}
	for _, l := range ls.open {
		if l.name == name {
			l.Conn.Close()
		}
	}
}

// Close forgets the connection.
func (l *link) Close() error {
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	if i := slices.Index(l.of.open, l); i >= 0 {
		l.of.open = slices.Delete(l.of.open, i, i+1)
	}
	return l.Conn.Close()
}

// named is an address as it was asked for, resolved or not.
type named string

func (named) Network() string  { return "tcp" }
func (n named) String() string { return string(n) }

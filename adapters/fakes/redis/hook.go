package fakeredis

import (
	"strconv"
	"strings"

	"github.com/alicebob/miniredis/v2/server"

	"stockproof/adapters/redis/command"
)

// hook sees every command before miniredis does, those of scripts too, and reports whether it has
// answered it.
func (s *Server) hook(c *server.Peer, name string, args ...string) bool {
	s.mu.Lock()
	_, ours := s.replayed[c]
	observer, lives := s.observer, s.lives
	s.mu.Unlock()
	switch {
	case name == "INFO" && len(args) == 1 && strings.EqualFold(args[0], "replication"):
		id := replID[:38] + strconv.FormatInt(int64(0x100)+int64(lives), 16)[1:]
		c.WriteBulk("# Replication\r\nrole:master\r\nmaster_replid:" + id + "\r\n")
		return true
	case ours || observer == nil || len(args) == 0:
		return false
	case name == "EXISTS": // every article script begins with it
		s.mu.Lock()
		s.token = args[0]
		s.mu.Unlock()
	case name == "DECRBY" || name == "INCRBY":
		return s.watch(c, name, args, observer)
	case name == "SET":
		return s.watchSet(c, args, observer)
	}
	return false
}

// watch runs a script's DECRBY or INCRBY itself, to see its result. Scripts run one at a time, so the
// token looked for last is this script's.
func (s *Server) watch(c *server.Peer, name string, args []string,
	observer func(command.StockChange)) bool {
	s.mu.Lock()
	token := s.token
	s.mu.Unlock()
	sku, order, ok := command.ParseStockKey(args[0], token)
	if !ok || len(args) != 2 {
		return false
	}
	raw, reply, err := s.replay(c, append([]string{name}, args...))
	c.WriteRaw(raw)
	after, isNumber := reply.(int64)
	if err != nil || !isNumber {
		return true
	}
	by, _ := strconv.ParseInt(args[1], 10, 64) // an integer: the command took it
	change := command.StockChange{Op: "credit", Key: args[0], SKU: sku, Order: order,
		Before: after - by, After: after}
	if name == "DECRBY" {
		change.Op, change.Before = "deduct", after+by
	}
	observer(change)
	return true
}

// watchSet runs a blind SET of a stock key.
func (s *Server) watchSet(c *server.Peer, args []string, observer func(command.StockChange)) bool {
	sku, _, ok := command.ParseStockKey(args[0], "")
	if !ok || len(args) != 2 {
		return false
	}
	_, was, _ := s.replay(c, []string{"GET", args[0]}) // another type counts as nothing
	raw, _, err := s.replay(c, append([]string{"SET"}, args...))
	c.WriteRaw(raw)
	if err == nil {
		text, _ := was.(string)
		before, _ := strconv.ParseInt(text, 10, 64)
		after, _ := strconv.ParseInt(args[1], 10, 64)
		observer(command.StockChange{Op: "set stock", Key: args[0], SKU: sku,
			Before: before, After: after})
	}
	return true
}
